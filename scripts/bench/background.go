package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// What the widget asks in the background (docs/http-api.md).
const (
	asksMany   = "background questions/s, 32 senders"
	asksSteady = "background questions at 170/s"

	clientUUID   = "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b"
	clientSecret = "bench"
	// crmAccounts is the CRM's number of the first account.
	crmAccounts = 1000
	// usersOfAccount are in every report; whoever asks is one of many more, since each
	// may ask once a second and no more.
	usersOfAccount = 10
)

// asks measures questions of browsers that have no news.
func (b *bench) asks(name string, rate int) func(context.Context) error {
	return b.watched(b.leadline, name, func() (*sent, error) {
		from := b.askFrom
		s := load{senders: senders, rate: rate, addr: b.leadline.addr, make: func(sender, i int, due time.Time) []byte {
			return b.question(from+i*senders+sender, due)
		}}.run(b.o.round)
		b.askFrom = from + s.most*senders + senders
		if rate == 0 {
			b.f.add(name, s.perSecond())
		}
		b.latency(name+ackSuffix, &s.answered)
		return s, s.whole()
	})
}

// question is what the n-th user's browser asks; every tenth is an administrator.
func (b *bench) question(n int, at time.Time) []byte {
	body := []byte(`{"language":"ru","operators":{`)
	for u := range usersOfAccount {
		body = fmt.Appendf(body, `"%d":true,`, u+1)
	}
	body = append(body[:len(body)-1], `}}`...)
	account := n % accounts
	token := disposable(fmt.Sprintf(`{"iss":"http://bench%d.%s","aud":"http://%s","jti":"b-%d","iat":%d,"nbf":%d,"exp":%d,"account_id":%d,"user_id":%d,"client_uuid":"%s","is_admin":%v}`,
		account, b.zone, appHost, n, at.Unix(), at.Unix(), at.Add(time.Hour).Unix(), crmAccounts+account, n+1, clientUUID, n%10 == 0))
	return request(appHost, "/widget/v1/background",
		[]string{"X-Auth-Token: " + token, fmt.Sprintf("X-Forwarded-For: 10.1.%d.%d", n/250%250, n%250+1)}, body)
}

// disposable signs claims as the CRM does (W §8.2).
func disposable(claims string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(clientSecret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
