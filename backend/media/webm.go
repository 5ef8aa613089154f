package media

import (
	"encoding/binary"
	"io"
	"math"
	"math/bits"
	"time"
)

// Elements of Matroska that matter here (RFC 9559, section 5; EBML: RFC 8794).
const (
	mkSegment     = 0x18538067
	mkInfo        = 0x1549a966
	mkScale       = 0x2ad7b1 // nanoseconds of one tick
	mkDuration    = 0x4489   // ticks, a float
	mkTracks      = 0x1654ae6b
	mkTrack       = 0xae
	mkTrackType   = 0x83
	mkCluster     = 0x1f43b675
	mkTime        = 0xe7 // of the cluster, in ticks
	mkSimpleBlock = 0xa3
	mkBlockGroup  = 0xa0
	mkBlock       = 0xa1
)

// webm reads a WebM file as one flat row of elements: containers are entered and
// what does not matter is jumped over, so that containers of unknown length,
// which browsers' recorders write, need no care. Those recorders leave the
// duration out too: the time of the last block stands in for it.
func webm(r io.ReaderAt, size int64) tracks {
	var out tracks
	tick := float64(time.Millisecond)
	var cluster, last uint64
	off := int64(0)
	for range maxElements {
		h := part(r, off, min(12, size-off))
		id, a := vint(h, false)
		n, b := vint(after(h, a), true)
		if a == 0 || b == 0 {
			break
		}
		unknown := n == 1<<(7*b)-1
		off += int64(a + b)
		switch id {
		case mkSegment, mkInfo, mkTracks, mkTrack, mkBlockGroup:
			continue
		case mkCluster:
			if out.duration > 0 {
				return out
			}
			continue
		}
		if unknown || n > uint64(max(0, size-off)) {
			break
		}
		body := part(r, off, int64(min(n, 11)))
		switch id {
		case mkScale:
			tick = float64(number(body))
		case mkDuration:
			out.duration = seconds(float(body)*tick, float64(time.Second))
		case mkTrackType:
			out.video = out.video || number(body) == 1
			out.sound = out.sound || number(body) == 2
		case mkTime:
			cluster = number(body)
			last = max(last, cluster)
		case mkSimpleBlock, mkBlock:
			if _, t := vint(body, true); t > 0 && len(body) >= t+2 { // the track's number, then a signed time
				if at := int64(cluster) + int64(int16(binary.BigEndian.Uint16(body[t:]))); at > 0 {
					last = max(last, uint64(at))
				}
			}
		}
		off += int64(n)
	}
	if out.duration == 0 {
		out.duration = seconds(float64(last)*tick, float64(time.Second))
	}
	return out
}

// vint reads a number of variable length and tells how many bytes it took; 0
// where there is none. Lengths come without their marker bit, ids with it.
func vint(b []byte, plain bool) (v uint64, n int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	n = bits.LeadingZeros8(b[0]) + 1
	if n > len(b) {
		return 0, 0
	}
	v = number(b[:n])
	if plain {
		v &^= 1 << (7 * n)
	}
	return v, n
}

// number reads up to 8 bytes, the highest first.
func number(b []byte) uint64 {
	var v uint64
	for _, c := range b[:min(8, len(b))] {
		v = v<<8 | uint64(c)
	}
	return v
}

func float(b []byte) float64 {
	switch len(b) {
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	return 0
}
