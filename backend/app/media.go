package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/media"
)

// openMedia opens the file store that the settings name.
func openMedia(cfg config.Config, fetch media.FetchConfig) (*media.Service, error) {
	limits := media.DefaultLimits()
	limits.PictureBytes, limits.VideoBytes = cfg.Media.MaxPictureMB<<20, cfg.Media.MaxVideoMB<<20
	limits.AudioBytes, limits.FileBytes = cfg.Media.MaxAudioMB<<20, cfg.Media.MaxFileMB<<20
	fetch.AllowHosts = slices.Concat(fetch.AllowHosts, cfg.Media.AllowHosts)
	if u, err := url.Parse(cfg.Dev.AmojoURL); err == nil && cfg.Dev.Enabled() {
		// The sandbox on this machine serves operators' files, and their pictures, over plain http.
		fetch.AllowHosts = append(fetch.AllowHosts, u.Hostname())
		for _, zone := range cfg.Dev.Zones {
			name, _, _ := strings.Cut(zone, ":")
			fetch.AllowHosts = append(fetch.AllowHosts, "."+name)
		}
	}
	var blobs media.Store
	var err error
	if s3 := cfg.Media.S3; s3.Enabled() {
		blobs, err = media.OpenS3(media.S3Config{
			Endpoint: s3.Endpoint, Bucket: s3.Bucket, AccessKey: s3.Key, SecretKey: s3.Secret, Region: s3.Region, PathStyle: s3.PathStyle,
		})
	} else {
		blobs, err = media.OpenFolder(cfg.Media.Dir)
	}
	if err != nil {
		return nil, err
	}
	return &media.Service{Store: blobs, Limits: limits, Fetcher: media.NewFetcher(fetch)}, nil
}

// checkMedia tells the host at once when files cannot be kept; text goes on.
func (a *App) checkMedia(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := a.media.Store.Check(within); err != nil && ctx.Err() == nil {
		a.log.Error("the file store does not work", "error", err)
	}
}

// dropTime bounds the removal of a picture.
const dropTime = 30 * time.Second

// dropPicture removes a picture that no card page shows any more.
func (a *App) dropPicture(ctx context.Context, key string) {
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTime)
	defer cancel()
	if err := a.media.Discard(within, media.Item{Key: media.Key(key)}); err != nil {
		a.log.Warn("remove picture that no page shows", "error", err)
	}
}

func closeMedia(s *media.Service) error {
	s.Fetcher.Close()
	if c, ok := s.Store.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// fileLinks signs with keys of their own, made from the server's.
func fileLinks(cfg config.Config, keys []auth.Key) (*media.Links, error) {
	own, err := auth.DeriveKeys("file links", keys...)
	if err != nil {
		return nil, err
	}
	return media.NewLinks(cfg.ChatURL, own...)
}

// unsent removes files that visitors uploaded and never sent.
type unsent struct {
	files interface {
		Unsent(ctx context.Context, limit int) ([]conversation.File, error)
		DropFile(ctx context.Context, id chatid.FileID) error
	}
	media *media.Service
	log   *slog.Logger
}

const (
	// unsentEvery is how often they are looked for, unsentAtOnce how many are
	// removed before the next look.
	unsentEvery  = 10 * time.Minute
	unsentAtOnce = 100
)

// run removes until ctx ends.
func (u unsent) run(ctx context.Context) {
	tick := time.NewTicker(unsentEvery)
	defer tick.Stop()
	for {
		n, err := u.sweep(ctx)
		if err != nil && ctx.Err() == nil {
			u.log.Error("remove unsent files", "error", err)
		}
		if n == unsentAtOnce && err == nil {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep removes what is over its time: the row first, so that no message ever
// names bytes that are gone. It returns how many it found.
func (u unsent) sweep(ctx context.Context) (int, error) {
	list, err := u.files.Unsent(ctx, unsentAtOnce)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, f := range list {
		err := u.files.DropFile(ctx, f.ID)
		switch {
		case fault.Is(err, fault.NotFound): // sent at this moment
		case err != nil:
			return len(list), errors.Join(failed, err)
		default:
			item := media.Item{Key: media.Key(f.Key)}
			if f.Thumb != "" {
				item.Thumb = &media.StoredThumb{Key: media.Key(f.Thumb)}
			}
			failed = errors.Join(failed, u.media.Discard(ctx, item))
		}
	}
	return len(list), failed
}
