// Package qr draws the QR code of an address. It knows nothing of pages or requests.
//
//	svg, err := qr.SVG("https://chat.example.org/s/harbour-lamps")
package qr

import (
	"fmt"

	goqr "github.com/piglig/go-qr"
)

const (
	// border is the quiet zone in modules (ISO/IEC 18004).
	border = 4
	// pixels is how many a module has each way: sharp in print at the size of a hand.
	pixels = 20
)

// encode corrects up to a quarter of the code: prints get dirty and are cut.
func encode(text string) (*goqr.QrCode, error) {
	code, err := goqr.EncodeText(text, goqr.Quartile)
	if err != nil {
		return nil, fmt.Errorf("encode qr: %w", err)
	}
	return code, nil
}

// SVG draws the code of a text, black on white; it fails for texts of more than a
// thousand bytes or so.
func SVG(text string) ([]byte, error) {
	code, err := encode(text)
	if err != nil {
		return nil, err
	}
	return code.ToSVGBytes(goqr.NewQrCodeImgConfig(1, border, goqr.WithOptimalSVG()))
}

// PNG draws the code of a text, 20 pixels a module, black on white; it fails as SVG does.
func PNG(text string) ([]byte, error) {
	code, err := encode(text)
	if err != nil {
		return nil, err
	}
	return code.ToPNGBytes(goqr.NewQrCodeImgConfig(pixels, border))
}
