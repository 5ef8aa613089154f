package amojo

import (
	"encoding/json"
	"testing"
	"time"
)

// C §4.3: missing, null, "", 0 and {} are the same, another type than documented
// is missing, and nothing of it loses the rest.
func TestLenientValues(t *testing.T) {
	t.Parallel()
	type values struct {
		Text    text
		Integer integer
		Decimal decimal
		Flag    flag
		Object  object[struct{ A text }]
		List    list[integer]
		wireTimes
	}
	for _, tt := range []struct {
		body         string
		text         string
		integer      int64
		decimal      float64
		flag, object bool
		list         int
		at           int64 // Unix milliseconds
	}{
		{body: `{}`},
		{body: `{"Text":null,"Integer":null,"Decimal":null,"Flag":null,"Object":null,"List":null,"timestamp":null}`},
		{body: `{"Text":{},"Integer":{},"Decimal":[],"Flag":{},"Object":{},"List":{},"timestamp":"soon","msec_timestamp":[]}`},
		{body: `{"Text":[],"Integer":"x","Decimal":"NaN","Flag":"no","Object":"{}","List":"[]","timestamp":-1,"msec_timestamp":1e18}`},
		{`{"Text":"Hello","Integer":7,"Decimal":37.6,"Flag":true,"Object":{"A":"b"},"List":[1,"2",{}],"timestamp":1767225600,"msec_timestamp":1767225600123}`, "Hello", 7, 37.6, true, true, 3, 1767225600123},
		{`{"Text":981,"Integer":"7","Decimal":"37.6","Flag":"1","Object":{"B":1},"timestamp":"1767225600"}`, "981", 7, 37.6, true, true, 0, 1767225600000},
		{`{"Text":"\u041f\ud83d\udc4b\n\"\/","Integer":7.9,"Flag":1}`, "П👋\n\"/", 7, 0, true, false, 0, 0},
		{body: "{\"Text\":\"a\xffb\"}", text: "a\uFFFDb"},
		{body: `{"Text":""}`},
	} {
		var v values
		if err := json.Unmarshal([]byte(tt.body), &v); err != nil {
			t.Errorf("%s: %v", tt.body, err)
			continue
		}
		at := time.Time{}
		if tt.at != 0 {
			at = time.UnixMilli(tt.at).UTC()
		}
		if string(v.Text) != tt.text || int64(v.Integer) != tt.integer || float64(v.Decimal) != tt.decimal || bool(v.Flag) != tt.flag ||
			v.Object.Set != tt.object || len(v.List) != tt.list || !v.at().Equal(at) {
			t.Errorf("%s is read as %+v at %v", tt.body, v, v.at())
		}
	}
}
