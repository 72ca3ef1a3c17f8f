package emulator

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"slices"
)

// xmlAnswer returns value as a document under a root element of that name.
func xmlAnswer(root string, value any) *answer {
	var body bytes.Buffer
	body.WriteString(xml.Header)
	if err := xml.NewEncoder(&body).EncodeElement(value, xml.StartElement{Name: xml.Name{Local: root}}); err != nil {
		panic(err) // our own types can be encoded
	}
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}, "X-Amzn-Requestid": {requestID}}, body: body.Bytes()}
}

// element returns the text of the first element of that name.
func element(document []byte, name string) string {
	_, after, found := bytes.Cut(document, []byte("<"+name+">"))
	text, _, closed := bytes.Cut(after, []byte("</"+name+">"))
	if !found || !closed {
		return ""
	}
	return string(text)
}

// replaceElement returns the document with the text of its first element of that name replaced.
func replaceElement(document []byte, name, text string) []byte {
	open, end := []byte("<"+name+">"), []byte("</"+name+">")
	before, rest, found := bytes.Cut(document, open)
	_, after, closed := bytes.Cut(rest, end)
	if !found || !closed {
		return document
	}
	return slices.Concat(before, open, []byte(text), end, after)
}
