package media

import (
	"encoding/binary"
	"io"
	"time"
)

// tracks is what a container of sound and video says of itself.
type tracks struct {
	sound, video bool
	duration     time.Duration // 0 when it does not say
}

// maxElements bounds the walk over a container; the longest recording that the
// limits allow has far fewer.
const maxElements = 1 << 18

// mp4File is one walk over an ISO base media file (ISO/IEC 14496-12). Recorders
// of browsers write fragments and leave the movie's own duration at 0, so that
// those are added up then.
type mp4File struct {
	r     io.ReaderAt
	left  int // elements that may still be looked at
	out   tracks
	scale uint32 // units of a second for mvhd and mehd
	// Tracks by id; track is the one whose boxes are being read.
	byID  map[uint32]*mp4Track
	track *mp4Track
}

type mp4Track struct {
	scale          uint32 // units of a second
	perSample      uint32 // default duration of a sample, in units
	fragmentSample uint32 // that of the fragment
	end            uint64 // where the last fragment ends, in units
}

func mp4(r io.ReaderAt, size int64) tracks {
	f := &mp4File{r: r, left: maxElements, byID: map[uint32]*mp4Track{}}
	f.walk(0, size, 0)
	if f.out.duration == 0 {
		for _, t := range f.byID {
			f.out.duration = max(f.out.duration, seconds(float64(t.end), float64(t.scale)))
		}
	}
	return f.out
}

// walk looks at the boxes from off to end.
func (f *mp4File) walk(off, end int64, depth int) {
	for off+8 <= end && f.left > 0 && depth < 8 {
		f.left--
		h := part(f.r, off, min(16, end-off))
		if h == nil {
			return
		}
		n, head := int64(binary.BigEndian.Uint32(h)), int64(8)
		switch n {
		case 0: // to the end
			n = end - off
		case 1:
			if len(h) < 16 {
				return
			}
			n, head = int64(binary.BigEndian.Uint64(h[8:])), 16
		}
		if n < head || n > end-off {
			return
		}
		f.box(string(h[4:8]), off+head, off+n, depth)
		off += n
	}
}

func (f *mp4File) box(name string, off, end int64, depth int) {
	switch name {
	case "trak":
		f.track = &mp4Track{}
		f.walk(off, end, depth+1)
	case "moov", "mdia", "mvex", "moof", "traf":
		f.walk(off, end, depth+1)
	case "mvhd":
		f.scale, f.out.duration = f.header(off, end)
	case "mehd":
		if b := part(f.r, off, min(12, end-off)); len(b) >= 8 && f.out.duration == 0 {
			f.out.duration = seconds(float64(long(b, 4)), float64(f.scale))
		}
	case "tkhd":
		if b := part(f.r, off, min(24, end-off)); len(b) == 24 && f.track != nil {
			at := 12
			if b[0] == 1 {
				at = 20
			}
			f.byID[binary.BigEndian.Uint32(b[at:])] = f.track
		}
	case "mdhd":
		if f.track != nil {
			f.track.scale, _ = f.header(off, end)
		}
	case "hdlr":
		if b := part(f.r, off, min(12, end-off)); len(b) == 12 {
			f.out.sound = f.out.sound || string(b[8:]) == "soun"
			f.out.video = f.out.video || string(b[8:]) == "vide"
		}
	case "trex":
		if b := part(f.r, off, min(16, end-off)); len(b) == 16 {
			if t := f.byID[binary.BigEndian.Uint32(b[4:])]; t != nil {
				t.perSample = binary.BigEndian.Uint32(b[12:])
			}
		}
	case "tfhd", "tfdt", "trun":
		f.fragment(name, off, end)
	}
}

// header reads the time scale and the duration of mvhd and mdhd, which begin alike.
func (f *mp4File) header(off, end int64) (scale uint32, d time.Duration) {
	b := part(f.r, off, min(32, end-off))
	at := 12
	if len(b) > 0 && b[0] == 1 {
		at = 20
	}
	if len(b) < at+12 && (at == 20 || len(b) < at+8) {
		return 0, 0
	}
	scale = binary.BigEndian.Uint32(b[at:])
	n := uint64(binary.BigEndian.Uint32(b[at+4:]))
	if at == 20 {
		n = binary.BigEndian.Uint64(b[at+4:])
	}
	if n == 1<<32-1 || n == 1<<64-1 { // not known
		n = 0
	}
	return scale, seconds(float64(n), float64(scale))
}

// long reads a number of 4 bytes, or of 8 where the box's version is 1.
func long(b []byte, at int) uint64 {
	if b[0] == 1 && len(b) >= at+8 {
		return binary.BigEndian.Uint64(b[at:])
	}
	return uint64(binary.BigEndian.Uint32(b[at:]))
}

// fragment adds up the samples of one fragment of a track.
func (f *mp4File) fragment(name string, off, end int64) {
	b := part(f.r, off, min(28, end-off))
	if len(b) < 8 {
		return
	}
	flags := binary.BigEndian.Uint32(b) & 0xffffff
	at := int64(8)
	switch name {
	case "tfhd":
		if f.track = f.byID[binary.BigEndian.Uint32(b[4:])]; f.track == nil {
			return
		}
		f.track.fragmentSample = f.track.perSample
		if flags&0x01 != 0 { // base data offset
			at += 8
		}
		if flags&0x02 != 0 { // sample description
			at += 4
		}
		if flags&0x08 != 0 && int64(len(b)) >= at+4 {
			f.track.fragmentSample = binary.BigEndian.Uint32(b[at:])
		}
	case "tfdt":
		if f.track != nil {
			f.track.end = long(b, 4)
		}
	case "trun":
		if f.track == nil {
			return
		}
		count := int64(binary.BigEndian.Uint32(b[4:]))
		if flags&0x100 == 0 { // all of one length
			f.track.end += uint64(count) * uint64(f.track.fragmentSample)
			return
		}
		for _, bit := range []uint32{0x01, 0x04} { // data offset, flags of the first sample
			if flags&bit != 0 {
				at += 4
			}
		}
		each := int64(4)
		for _, bit := range []uint32{0x200, 0x400, 0x800} { // size, flags, offset of each
			if flags&bit != 0 {
				each += 4
			}
		}
		list := part(f.r, off+at, min(count*each, end-off-at, 64<<10))
		for ; int64(len(list)) >= each; list = list[each:] {
			f.track.end += uint64(binary.BigEndian.Uint32(list))
		}
	}
}
