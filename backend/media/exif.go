package media

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Of all that EXIF holds, one number is wanted: how the camera was held. Source:
// CIPA DC-008 (EXIF), tag 0x0112; TIFF 6.0, sections 2 and 8.

// maxSegments bounds the walk over the parts of a picture's file.
const maxSegments = 1000

// orientation reads how a picture must be turned: 1 (upright) to 8. Absent and
// damaged data mean 1.
func orientation(r io.ReaderAt, size int64, typ string) int {
	var exif []byte
	switch typ {
	case "image/jpeg":
		exif = exifOfJPEG(r, size)
	case "image/png":
		exif = exifOfPNG(r, size)
	case "image/webp":
		exif = webpChunk(r, size, "EXIF")
	}
	return orientationOfTIFF(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")))
}

// part reads n bytes at off; nil where they are not there or too many.
func part(r io.ReaderAt, off, n int64) []byte {
	if n < 0 || n > 64<<10 {
		return nil
	}
	b := make([]byte, n)
	if got, _ := r.ReadAt(b, off); int64(got) < n {
		return nil
	}
	return b
}

// exifOfJPEG walks the markers up to the first scan.
func exifOfJPEG(r io.ReaderAt, size int64) []byte {
	off := int64(2)
	for range maxSegments {
		h := part(r, off, 4)
		if h == nil || h[0] != 0xff || h[1] == 0xda || off >= size {
			return nil
		}
		n := int64(binary.BigEndian.Uint16(h[2:])) // counts itself
		if h[1] == 0xff {                          // a fill byte
			off++
			continue
		}
		if h[1] == 0xe1 && n >= 2 {
			if b := part(r, off+4, n-2); bytes.HasPrefix(b, []byte("Exif\x00\x00")) {
				return b
			}
		}
		if n < 2 {
			return nil
		}
		off += 2 + n
	}
	return nil
}

func exifOfPNG(r io.ReaderAt, size int64) []byte {
	off := int64(8)
	for range maxSegments {
		h := part(r, off, 8)
		if h == nil || off >= size {
			return nil
		}
		n := int64(binary.BigEndian.Uint32(h))
		switch string(h[4:]) {
		case "eXIf":
			return part(r, off+8, n)
		case "IEND":
			return nil
		}
		off += 12 + n
	}
	return nil
}

// webpChunk finds a chunk of the extended form; nil where there is none.
func webpChunk(r io.ReaderAt, size int64, name string) []byte {
	off := int64(12)
	for range maxSegments {
		h := part(r, off, 8)
		if h == nil || off >= size {
			return nil
		}
		n := int64(binary.LittleEndian.Uint32(h[4:]))
		if string(h[:4]) == name {
			return part(r, off+8, n)
		}
		off += 8 + n + n&1
	}
	return nil
}

// animatedWebP reads the animation flag; our decoder knows still pictures only.
func animatedWebP(r io.ReaderAt, size int64) bool {
	h := webpChunk(r, size, "VP8X")
	return len(h) > 0 && h[0]&0x02 != 0
}

func orientationOfTIFF(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	off := int64(order.Uint32(b[4:]))
	if off+2 > int64(len(b)) {
		return 1
	}
	n := int64(order.Uint16(b[off:]))
	for i := range n {
		e := off + 2 + 12*i
		if e+12 > int64(len(b)) {
			return 1
		}
		const tagOrientation, typeShort = 0x0112, 3
		if order.Uint16(b[e:]) == tagOrientation && order.Uint16(b[e+2:]) == typeShort {
			if v := int(order.Uint16(b[e+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}
