#!/usr/bin/env bash
# Makes the sound, video and pictures of this folder again, with programs that
# are not ours: ffmpeg 5.1 and Pillow 9.4 of Debian 12. Nothing here is needed to
# build or test; what the files hold is in inspect_test.go and picture_test.go.
# chromium.webm and chromium.mp4 are 1.5 s of Chromium's fake microphone, recorded by
# its MediaRecorder in slices of 200 ms.
set -euo pipefail
cd "$(dirname "$0")"

ff() { ffmpeg -hide_banner -loglevel error -y -bitexact "$@"; }
tone() { echo "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=$1"; }
film() { echo "-f lavfi -i testsrc=size=64x48:rate=10:duration=$1"; }

ff $(tone 2.5) -c:a libopus -b:a 8k opus.ogg
ff $(tone 2.5) -c:a libvorbis -ac 2 -q:a 0 vorbis.ogg
ff $(tone 2.5) -ar 8000 -c:a pcm_u8 sound.wav
ff $(tone 2.5) -ar 8000 -c:a pcm_u8 -f wav - | cat > piped.wav # its length is all ones
ff $(tone 2.5) -c:a libmp3lame -b:a 32k -write_xing 0 -id3v2_version 0 cbr.mp3
ff $(tone 2.5) -c:a libmp3lame -q:a 9 -metadata title=tone vbr.mp3
ff $(tone 2.5) -ar 22050 -c:a libmp3lame -q:a 9 mpeg2.mp3
ff $(tone 2.5) -c:a aac -b:a 16k sound.m4a
ff $(tone 2.5) -c:a aac -b:a 16k -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 500000 recorded.mp4
ff $(tone 2.5) -c:a aac -b:a 16k -f adts sound.aac
ff $(tone 2.5) -c:a libopus -b:a 8k sound.webm
ff $(tone 2.5) -c:a libopus -b:a 8k -f webm -live 1 - | cat > recorded.webm # as a browser's recorder: no lengths, no duration
ff $(film 2) -c:v libx264 -crf 40 -pix_fmt yuv420p film.mp4
ff $(film 2) -c:v libx264 -crf 40 -pix_fmt yuv420p film.mov
ff $(film 2) -c:v libvpx -b:v 20k film.webm

/usr/bin/python3 - <<'PY'
from PIL import Image, ImageDraw
import io

# Upright: 48 wide, 32 high; red top left, green top right, blue bottom left, white bottom right.
up = Image.new("RGB", (48, 32), "white")
d = ImageDraw.Draw(up)
d.rectangle((0, 0, 23, 15), fill="red")
d.rectangle((24, 0, 47, 15), fill="lime")
d.rectangle((0, 16, 23, 31), fill="blue")
T = Image.Transpose
# What undoes the turning that each orientation asks for.
back = {1: None, 2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM, 5: T.TRANSPOSE, 6: T.ROTATE_90, 7: T.TRANSVERSE, 8: T.ROTATE_270}
for o, t in back.items():
    exif = Image.Exif()
    exif[0x0112] = o
    exif[0x010F] = "A camera maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (55.0, 45.0, 21.0), 3: "E", 4: (37.0, 37.0, 2.0)})
    (up if t is None else up.transpose(t)).save(f"turned{o}.jpg", exif=exif, quality=90)
exif = Image.Exif()
exif[0x0112] = 6
up.transpose(T.ROTATE_90).save("turned6.png", exif=exif)
up.transpose(T.ROTATE_90).save("turned6.webp", exif=exif, lossless=True)
glass = Image.new("RGBA", (40, 20), (255, 0, 0, 0))
ImageDraw.Draw(glass).rectangle((0, 0, 19, 19), fill=(0, 255, 0, 255))
glass.save("glass.png")
glass.save("glass.webp", lossless=True)
glass.convert("P").save("small.gif")
a, b = Image.new("RGB", (30, 10), "red"), Image.new("RGB", (30, 10), "blue")
a.save("moving.gif", save_all=True, append_images=[b], duration=100)
a.save("moving.webp", save_all=True, append_images=[b], duration=100, lossless=True)
a.save("moving.png", save_all=True, append_images=[b], duration=100)
Image.new("L", (2000, 500), 128).save("wide.jpg", quality=30)
Image.new("CMYK", (20, 10), (255, 0, 0, 0)).save("cmyk.jpg")
up.save("progressive.jpg", progressive=True)
PY
