package auth

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"leadline/backend/fault"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1)
	ctx := t.Context()
	const password = "пароль длиннее десяти"
	hash, err := p.Hash(ctx, password)
	if err != nil {
		t.Fatal(err)
	}
	// PHC string format, 19 MiB, t=2, p=1.
	if !regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`).MatchString(hash) {
		t.Errorf("hash = %s", hash)
	}
	if again, _ := p.Hash(ctx, password); again == hash {
		t.Error("two hashes of one password are equal: no salt")
	}
	for _, tt := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"right", hash, password, true},
		{"wrong", hash, password + " ", false},
		{"empty", hash, "", false},
		{"unknown login", "", password, false},
		{"unknown login, nothing typed", "", "", false},
		{"too long", hash, strings.Repeat("a", MaxPasswordBytes+1), false},
		// A value of the reference implementation's own tests.
		{"other parameters", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password", true},
	} {
		got, err := p.Compare(ctx, tt.hash, tt.password)
		if err != nil || got != tt.want {
			t.Errorf("%s: Compare = %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", strings.Repeat("a", MaxPasswordBytes+1)} {
		if _, err := p.Hash(ctx, bad); fault.CodeOf(err) != "weak_password" {
			t.Errorf("Hash of %d bytes: %v", len(bad), err)
		}
	}
}

func TestDamagedHashIsRefusedBeforeWork(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1)
	const tail = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	for _, hash := range []string{
		"x", "$argon2i$v=19$m=256,t=2,p=1" + tail, "$argon2id$v=16$m=256,t=2,p=1" + tail, "$argon2id$v=19$m=4194304,t=2,p=1" + tail, "$argon2id$v=19$m=256,t=1000,p=1" + tail,
		"$argon2id$v=19$m=256,t=2,p=0" + tail, "$argon2id$v=19$m=256,t=2,p=300" + tail, "$argon2id$v=19$m=256,t=2,p=1,x" + tail, "$argon2id$v=19$m=-1,t=2,p=1" + tail,
		"$argon2id$v=19$m=256,t=2,p=1$$", "$argon2id$v=19$m=256,t=2,p=1$???$???", "$argon2id$v=19$m=256,t=2,p=1" + tail + "$x", strings.Repeat("$", 600),
	} {
		if ok, err := p.Compare(t.Context(), hash, "password"); ok || err == nil {
			t.Errorf("Compare with %q = %v, %v", hash, ok, err)
		} else if strings.Contains(err.Error(), "nf65") {
			t.Errorf("error shows the hash: %v", err)
		}
	}
}

// A crowd waits for a slot, up to a bound; beyond it is turned away.
func TestPasswordsUnderLoad(t *testing.T) {
	t.Parallel()
	p := NewPasswords(0)
	p.slots <- struct{}{} // somebody is at work
	ctx, cancel := context.WithCancel(t.Context())
	const crowd = waitersPerSlot + 10
	done := make(chan error, crowd)
	for range crowd {
		go func() {
			_, err := p.Compare(ctx, "", "password")
			done <- err
		}()
	}
	for range crowd - waitersPerSlot {
		if err := <-done; fault.CodeOf(err) != "too_many_attempts" {
			t.Errorf("one too many got %v", err)
		}
	}
	cancel()
	for range waitersPerSlot {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("a waiter got %v", err)
		}
	}
	p.leave()
	if _, err := p.Compare(t.Context(), "", "password"); err != nil {
		t.Errorf("after the crowd: %v", err)
	}
}
