package config

import (
	"fmt"
	"strings"
)

// Media says where files are kept, how big they may be and whom we may ask for them.
type Media struct {
	// Dir is the folder of files; not used with S3.
	Dir string `env:"MEDIA_DIR" envDefault:"data/media"`
	// S3 is in use when its endpoint is set.
	S3 S3 `envPrefix:"S3_"`
	// The largest files taken, in MB. Voice messages have the limit of audio.
	MaxPictureMB int64 `env:"MAX_PICTURE_MB" envDefault:"20"`
	MaxVideoMB   int64 `env:"MAX_VIDEO_MB" envDefault:"50"`
	MaxAudioMB   int64 `env:"MAX_AUDIO_MB" envDefault:"20"`
	MaxFileMB    int64 `env:"MAX_FILE_MB" envDefault:"50"`
	// AllowHosts are hosts, or suffixes that begin with a dot, that are called
	// although they are not public or not on https. Only with the dev product.
	AllowHosts []string `env:"FETCH_ALLOW_HOSTS"`
}

// S3 is a bucket of an S3-compatible service.
type S3 struct {
	// Endpoint is scheme and host.
	Endpoint string `env:"ENDPOINT"`
	Bucket   string `env:"BUCKET"`
	Key      string `env:"KEY"`
	Secret   string `env:"SECRET"`
	Region   string `env:"REGION"`
	// PathStyle puts the bucket into the path instead of the host name.
	PathStyle bool `env:"PATH_STYLE" envDefault:"true"`
}

// Enabled reports whether files are kept there.
func (s S3) Enabled() bool { return s.Endpoint != "" }

// maxMB keeps an upload within what a request and a spool file can bear.
const maxMB = 1024

func (m Media) check(dev bool, add func(format string, a ...any)) {
	switch {
	case m.S3.Enabled():
		if _, err := base(m.S3.Endpoint); err != nil {
			add("%sS3_ENDPOINT: %w", Prefix, err)
		}
		if m.S3.Bucket == "" || m.S3.Key == "" || m.S3.Secret == "" {
			add("%sS3_BUCKET, %sS3_KEY and %sS3_SECRET are needed with an endpoint", Prefix, Prefix, Prefix)
		}
	case m.S3.Bucket != "" || m.S3.Key != "" || m.S3.Secret != "":
		add("%sS3_ENDPOINT is needed with the other settings of S3", Prefix)
	case m.Dir == "":
		add("%sMEDIA_DIR or %sS3_ENDPOINT is needed", Prefix, Prefix)
	}
	for _, l := range m.limits() {
		if l.mb < 1 || l.mb > maxMB {
			add("%s%s: want 1 to %d", Prefix, l.name, maxMB)
		}
	}
	if len(m.AllowHosts) > 0 && !dev {
		add("%sFETCH_ALLOW_HOSTS works only with the dev product", Prefix)
	}
	for _, h := range m.AllowHosts {
		if strings.Trim(h, ".") == "" || strings.ContainsAny(h, "/:*@ ") {
			add("%sFETCH_ALLOW_HOSTS: %q is no host name; a suffix begins with a dot", Prefix, h)
		}
	}
}

// limit is one of the sizes by the name of its variable.
type limit struct {
	name string
	mb   int64
}

func (m Media) limits() []limit {
	return []limit{{"MAX_PICTURE_MB", m.MaxPictureMB}, {"MAX_VIDEO_MB", m.MaxVideoMB}, {"MAX_AUDIO_MB", m.MaxAudioMB}, {"MAX_FILE_MB", m.MaxFileMB}}
}

func (m Media) show(line func(name, value string)) {
	line("MEDIA_DIR", m.Dir)
	line("S3_ENDPOINT", m.S3.Endpoint)
	line("S3_BUCKET", m.S3.Bucket)
	line("S3_KEY", m.S3.Key)
	line("S3_SECRET", hidden(m.S3.Secret != ""))
	line("S3_REGION", m.S3.Region)
	line("S3_PATH_STYLE", fmt.Sprint(m.S3.PathStyle))
	for _, l := range m.limits() {
		line(l.name, fmt.Sprint(l.mb))
	}
	line("FETCH_ALLOW_HOSTS", strings.Join(m.AllowHosts, ","))
}
