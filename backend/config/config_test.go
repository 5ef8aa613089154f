package config

import (
	"slices"
	"strings"
	"testing"
)

func working() []string {
	return []string{
		"LEADLINE_APP_URL=https://app.example.org", "LEADLINE_CHAT_URL=https://chat.example.org",
		"LEADLINE_AMOCRM_CLIENT_ID=3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b", "LEADLINE_AMOCRM_CLIENT_SECRET=new,old",
		"LEADLINE_AMOCRM_CHANNEL_ID=0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11", "LEADLINE_AMOCRM_CHANNEL_SECRET=s3cret",
	}
}

func TestLoadFillsInTheProduct(t *testing.T) {
	t.Parallel()
	c, err := Load(working())
	if err != nil {
		t.Fatal(err)
	}
	p := c.Products()
	if len(p) != 1 || p[0].Name != "amocrm" || p[0].AmojoURL != "https://amojo.amocrm.ru" || p[0].Zones[0] != "amocrm.ru" {
		t.Fatalf("products = %+v", p)
	}
	if len(p[0].ClientSecrets) != 2 || p[0].ClientSecrets[0] != "new" {
		t.Errorf("client secrets = %v, want the newest first", p[0].ClientSecrets)
	}
	if got := len(c.Secrets()); got != 3 {
		t.Errorf("Secrets lists %d values, want 3", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, set, want string
	}{
		{"a missing address", "LEADLINE_CHAT_URL=", "CHAT_URL"},
		{"an address with a path", "LEADLINE_APP_URL=https://app.example.org/x", "APP_URL"},
		{"plain http in public", "LEADLINE_APP_URL=http://app.example.org", "only https"},
		{"one host for both", "LEADLINE_CHAT_URL=https://app.example.org", "different hosts"},
		{"three client secrets", "LEADLINE_AMOCRM_CLIENT_SECRET=a,b,c", "CLIENT_SECRET"},
		{"no channel secret", "LEADLINE_AMOCRM_CHANNEL_SECRET=", "CHANNEL_SECRET"},
		{"the dev product in public", "LEADLINE_DEV_CLIENT_ID=x", "dev product"},
		{"no product", "LEADLINE_AMOCRM_CLIENT_ID=", "no product"},
		{"S3 without its secret", "LEADLINE_S3_ENDPOINT=https://s3.example.org", "S3_SECRET"},
		{"an S3 endpoint with a path", "LEADLINE_S3_ENDPOINT=https://s3.example.org/bucket", "S3_ENDPOINT"},
		{"S3 without its endpoint", "LEADLINE_S3_BUCKET=files", "S3_ENDPOINT"},
		{"files of no size", "LEADLINE_MAX_FILE_MB=0", "MAX_FILE_MB"},
		{"pictures without end", "LEADLINE_MAX_PICTURE_MB=1025", "MAX_PICTURE_MB"},
		{"private hosts in public", "LEADLINE_FETCH_ALLOW_HOSTS=.localhost", "only with the dev product"},
		{"an address as a private host", "LEADLINE_FETCH_ALLOW_HOSTS=http://localhost", "no host name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(append(working(), tt.set))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load with %s: %v, want it to name %s", tt.set, err, tt.want)
			}
		})
	}
}

func TestFilesNeedNoSettings(t *testing.T) {
	t.Parallel()
	c, err := Load(working())
	if err != nil {
		t.Fatal(err)
	}
	m := c.Media
	if m.Dir != "data/media" || m.S3.Enabled() || m.MaxPictureMB != 20 || m.MaxVideoMB != 50 || m.MaxAudioMB != 20 || m.MaxFileMB != 50 || len(m.AllowHosts) != 0 {
		t.Errorf("media = %+v", m)
	}
}

func TestTheSecretOfS3IsNeverShown(t *testing.T) {
	t.Parallel()
	c, err := Load(append(working(), "LEADLINE_S3_ENDPOINT=https://s3.example.org", "LEADLINE_S3_BUCKET=files", "LEADLINE_S3_KEY=leadline", "LEADLINE_S3_SECRET=bucket-s3cret"))
	if err != nil {
		t.Fatal(err)
	}
	shown := c.Redacted()
	if strings.Contains(shown, "bucket-s3cret") || !strings.Contains(shown, "LEADLINE_S3_SECRET=(set)\n") || !strings.Contains(shown, "LEADLINE_S3_BUCKET=files\n") {
		t.Errorf("shown:\n%s", shown)
	}
	if !slices.Contains(c.Secrets(), "bucket-s3cret") {
		t.Error("Secrets does not list it")
	}
	if !c.Media.S3.PathStyle {
		t.Error("the bucket is not in the path by default")
	}
}
