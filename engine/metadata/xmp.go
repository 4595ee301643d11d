package metadata

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// XMP (ISO 16684) is RDF in XML: the properties of a picture are the attributes
// and the elements of rdf:Description. Of the forms of RDF only the words matter
// here: an alternative or a list (rdf:Alt, rdf:Seq, rdf:Bag) is its items.
const rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

// readXMP lists the properties that hold words, up to where the packet is
// damaged.
func readXMP(packet []byte) (texts []Text) {
	d := xml.NewDecoder(bytes.NewReader(packet))
	d.Strict = false
	var path []string // for each open element the property it belongs to, "" outside of any
	var words strings.Builder
	for len(texts) < maxTexts {
		token, err := d.RawToken()
		if err != nil {
			return texts
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "Description" {
				for _, a := range token.Attr {
					if a.Name.Space != "xmlns" && a.Name.Space != "rdf" && a.Name.Space != "xml" && a.Value != "" {
						texts = append(texts, Text{a.Name.Local, a.Value})
					}
				}
			}
			name := token.Name.Local
			if token.Name.Space == "rdf" || token.Name.Space == "x" {
				name = ""
				if len(path) > 0 {
					name = path[len(path)-1]
				}
			}
			path = append(path, name)
			words.Reset()
		case xml.CharData:
			words.Write(token)
		case xml.EndElement:
			if len(path) == 0 {
				return texts
			}
			name, text := path[len(path)-1], words.String()
			if name != "" && strings.TrimSpace(text) != "" {
				texts = append(texts, Text{name, text})
			}
			words.Reset()
			path = path[:len(path)-1]
		}
	}
	return texts
}

// writeXMP is a packet with one property.
func writeXMP(own Text) []byte {
	var b bytes.Buffer
	io.WriteString(&b, `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="`+rdf+
		`"><rdf:Description rdf:about="" xmlns:darkroom="urn:darkroom"><darkroom:`+own.Key+`>`)
	_ = xml.EscapeText(&b, []byte(own.Value)) // a buffer takes everything
	io.WriteString(&b, `</darkroom:`+own.Key+`></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`)
	return b.Bytes()
}
