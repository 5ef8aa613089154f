package media

import (
	"maps"
	"slices"
)

// Kind is what a file is to a conversation; the names are those of the Chats
// API (C §3.4.4, type).
type Kind string

const (
	Picture Kind = "picture" // shown in the transcript
	Video   Kind = "video"   // played in the transcript
	Voice   Kind = "voice"   // recorded as a message; played in the transcript
	Audio   Kind = "audio"   // played in the transcript
	File    Kind = "file"    // saved
	Sticker Kind = "sticker" // a picture without a frame around it
)

// unknownType is served for everything that is not in formats.
const unknownType = "application/octet-stream"

// format is what we know of one content type.
type format struct {
	kind Kind
	// exts are the name endings that agree with the content, ours first.
	exts []string
}

// inline tells whether a browser may show it in place: never documents, texts or
// anything that could run.
func (f format) inline() bool { return f.kind != File && f.kind != "" }

// formats are the content types that visitors may send, and the only ones that
// are ever named when a file is served. Left out on purpose: pages, drawings and
// data that browsers run (HTML, SVG, XML), programs, scripts, installers,
// shortcuts.
var formats = map[string]format{
	"image/jpeg": {Picture, []string{".jpg", ".jpeg", ".jpe", ".jfif"}},
	"image/png":  {Picture, []string{".png", ".apng"}},
	"image/gif":  {Picture, []string{".gif"}},
	"image/webp": {Picture, []string{".webp"}},

	// Pictures that not every browser shows, or that we cannot make smaller.
	"image/heic":                {File, []string{".heic", ".heif"}},
	"image/heif":                {File, []string{".heif", ".heic"}},
	"image/avif":                {File, []string{".avif"}},
	"image/bmp":                 {File, []string{".bmp"}},
	"image/tiff":                {File, []string{".tiff", ".tif"}},
	"image/vnd.adobe.photoshop": {File, []string{".psd"}},
	"image/vnd.dwg":             {File, []string{".dwg"}},

	"audio/ogg":  {Audio, []string{".ogg", ".oga", ".opus"}},
	"audio/mpeg": {Audio, []string{".mp3"}},
	"audio/mp4":  {Audio, []string{".m4a", ".mp4"}},
	"audio/webm": {Audio, []string{".webm", ".weba"}},
	"audio/wav":  {Audio, []string{".wav"}},
	"audio/aac":  {Audio, []string{".aac"}},
	"audio/flac": {Audio, []string{".flac"}},
	"audio/amr":  {File, []string{".amr"}},

	"video/mp4":       {Video, []string{".mp4", ".m4v"}},
	"video/webm":      {Video, []string{".webm"}},
	"video/quicktime": {Video, []string{".mov", ".qt"}},
	"video/3gpp":      {File, []string{".3gp"}},
	"video/x-msvideo": {File, []string{".avi"}},
	"video/matroska":  {File, []string{".mkv"}},

	"application/pdf": {File, []string{".pdf"}},
	// Old office files do not always say of which kind they are.
	"application/x-ole-storage": {File, []string{".doc", ".xls", ".ppt", ".msg", ".vsd"}},
	"application/msword":        {File, []string{".doc", ".dot"}},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": {File, []string{".docx"}},
	"application/vnd.ms-excel": {File, []string{".xls"}},
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         {File, []string{".xlsx"}},
	"application/vnd.ms-powerpoint":                                             {File, []string{".ppt"}},
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": {File, []string{".pptx"}},
	"application/vnd.oasis.opendocument.text":                                   {File, []string{".odt"}},
	"application/vnd.oasis.opendocument.spreadsheet":                            {File, []string{".ods"}},
	"application/vnd.oasis.opendocument.presentation":                           {File, []string{".odp"}},
	"application/epub+zip":                                                      {File, []string{".epub"}},
	"text/rtf":                                                                  {File, []string{".rtf"}},
	// Scripts in the eyes of a desktop (.bat, .js, .vbs …) look like plain text: the ending decides there, so the list is short.
	"text/plain":                {File, []string{".txt", ".text", ".log", ".md", ".csv", ".tsv", ".ini", ".conf", ".yml", ".yaml", ".json", ".srt", ".eml"}},
	"text/csv":                  {File, []string{".csv", ".txt"}},
	"text/tab-separated-values": {File, []string{".tsv", ".txt", ".csv"}},
	"text/vcard":                {File, []string{".vcf"}},
	"text/calendar":             {File, []string{".ics"}},
	"application/json":          {File, []string{".json", ".txt", ".geojson", ".ndjson"}},
	"application/x-subrip":      {File, []string{".srt", ".txt"}},
	"message/rfc822":            {File, []string{".eml", ".txt"}},

	// New ones are archives, and look like any other when their parts come in an unusual order.
	"application/zip":             {File, []string{".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub"}},
	"application/x-7z-compressed": {File, []string{".7z"}},
	"application/vnd.rar":         {File, []string{".rar"}},
	"application/gzip":            {File, []string{".gz", ".tgz"}},
}

// sameAs are other names of what is in formats.
var sameAs = map[string]string{
	"image/apng":          "image/png",
	"image/heic-sequence": "image/heic",
	"image/heif-sequence": "image/heif",
	"audio/x-m4a":         "audio/mp4",
	"video/x-m4v":         "video/mp4",

	"application/geo+json": "application/json",
	"application/x-ndjson": "application/json",
}

// VisitorTypes lists the content types that a visitor may send by default.
func VisitorTypes() []string { return slices.Sorted(maps.Keys(formats)) }
