package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"
)

// maxDuration is where a duration stops being believed.
const maxDuration = 48 * time.Hour

// duration reads how long sound or video plays, from headers alone; 0 where it
// cannot be told.
func duration(r io.ReaderAt, size int64, typ string) time.Duration {
	var d time.Duration
	switch typ {
	case "audio/ogg":
		d = oggDuration(r, size)
	case "audio/wav":
		d = wavDuration(r, size)
	case "audio/mpeg":
		d = mp3Duration(r, size)
	case "audio/mp4", "video/mp4", "video/quicktime":
		d = mp4(r, size).duration
	case "audio/webm", "video/webm":
		d = webm(r, size).duration
	}
	if d < 0 || d > maxDuration {
		return 0
	}
	return d
}

// seconds is n units of which rate make a second.
func seconds(n, rate float64) time.Duration {
	if rate <= 0 || n <= 0 || n/rate > maxDuration.Seconds() {
		return 0
	}
	return time.Duration(n / rate * float64(time.Second))
}

// oggDuration takes the position of the last page (RFC 3533, section 6; RFC 7845,
// section 4 for Opus; the Vorbis I specification, section 4.2.2).
func oggDuration(r io.ReaderAt, size int64) time.Duration {
	head := part(r, 0, min(size, 512))
	if len(head) < 58 || string(head[:4]) != "OggS" {
		return 0
	}
	serial := head[14:18]
	first := head[min(27+int(head[26]), len(head)):]
	var rate, skip float64
	switch {
	case bytes.HasPrefix(first, []byte("OpusHead")) && len(first) >= 12:
		rate, skip = 48000, float64(binary.LittleEndian.Uint16(first[10:]))
	case bytes.HasPrefix(first, []byte("\x01vorbis")) && len(first) >= 16:
		rate = float64(binary.LittleEndian.Uint32(first[12:]))
	default:
		return 0
	}
	n := min(size, 64<<10) // a page is never longer
	tail := part(r, size-n, n)
	for {
		at := bytes.LastIndex(tail, []byte("OggS"))
		if at < 0 {
			return 0
		}
		page := tail[at:]
		tail = tail[:at]
		if len(page) < 27 || !bytes.Equal(page[14:18], serial) {
			continue
		}
		if granule := int64(binary.LittleEndian.Uint64(page[6:])); granule >= 0 { // -1: no packet ends here
			return seconds(float64(granule)-skip, rate)
		}
	}
}

// wavDuration divides the data's length by the bytes of a second (Multimedia
// Programming Interface and Data Specifications 1.0, WAVE).
func wavDuration(r io.ReaderAt, size int64) time.Duration {
	var perSecond float64
	off := int64(12)
	for range maxSegments {
		h := part(r, off, 8)
		if h == nil {
			return 0
		}
		n := int64(binary.LittleEndian.Uint32(h[4:]))
		switch string(h[:4]) {
		case "fmt ":
			if f := part(r, off+8, 12); f != nil {
				perSecond = float64(binary.LittleEndian.Uint32(f[8:]))
			}
		case "data":
			return seconds(float64(min(n, size-off-8)), perSecond) // recorders that stream write a length of all ones
		}
		off += 8 + n + n&1
	}
	return 0
}

// Tables of MPEG audio, layer III (ISO/IEC 11172-3 and 13818-3): kbit/s of
// version 1 and of versions 2 and 2.5, and the sample rates of version 1.
var (
	mp3Rates1  = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}
	mp3Rates2  = [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}
	mp3Samples = [4]int{44100, 48000, 32000, 0}
)

// mp3Duration takes the number of frames from a Xing, Info or VBRI header, else
// reckons with the first frame's bit rate.
func mp3Duration(r io.ReaderAt, size int64) time.Duration {
	start := int64(0)
	for range maxSegments { // tags, one after the other
		h := part(r, start, 10)
		if h == nil || string(h[:3]) != "ID3" {
			break
		}
		start += 10 + int64(h[6]&0x7f)<<21 + int64(h[7]&0x7f)<<14 + int64(h[8]&0x7f)<<7 + int64(h[9]&0x7f)
		if h[5]&0x10 != 0 { // a footer
			start += 10
		}
	}
	b := part(r, start, max(0, min(size-start, 16<<10)))
	for i := 0; i+4 <= len(b); i++ {
		if b[i] != 0xff || b[i+1]&0xe6 != 0xe2 { // 11 bits of sync, layer III
			continue
		}
		version := b[i+1] >> 3 & 3 // 3 is 1, 2 is 2, 0 is 2.5
		kbits, perFrame := mp3Rates2[b[i+2]>>4], 576.0
		samples := mp3Samples[b[i+2]>>2&3]
		side := 17 // bytes of side information, where a Xing header begins
		mono := b[i+3]>>6 == 3
		switch version {
		case 1:
			continue // reserved
		case 3:
			kbits, perFrame, side = mp3Rates1[b[i+2]>>4], 1152, 32
			if mono {
				side = 17
			}
		case 2, 0:
			samples >>= 3 - max(1, version) // half, a quarter
			if mono {
				side = 9
			}
		}
		if kbits == 0 || samples == 0 {
			continue
		}
		frame := b[i+4:]
		if x := after(frame, side); len(x) >= 12 && (string(x[:4]) == "Xing" || string(x[:4]) == "Info") && x[7]&1 != 0 {
			return seconds(float64(binary.BigEndian.Uint32(x[8:]))*perFrame, float64(samples))
		}
		if v := after(frame, 32); len(v) >= 18 && string(v[:4]) == "VBRI" {
			return seconds(float64(binary.BigEndian.Uint32(v[14:]))*perFrame, float64(samples))
		}
		return seconds(float64(size-start-int64(i))*8, float64(kbits)*1000)
	}
	return 0
}

func after(b []byte, n int) []byte { return b[min(n, len(b)):] }
