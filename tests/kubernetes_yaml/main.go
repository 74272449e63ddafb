// Reads YAML documents as Kubernetes does and says what it read.
//
// On standard input and output each document has its length before it: four bytes, the highest first. For each
// document read, one byte and a document are written: 0 and JSON, or 1 and the parser's complaint.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	input, output := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		document, err := readDocument(input)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		// Strict refuses a key that stands twice, as the API server does.
		answer, fault := yaml.YAMLToJSONStrict(document)
		status := byte(0)
		if fault != nil {
			status, answer = 1, []byte(fault.Error())
		}
		if err := writeDocument(output, status, answer); err != nil {
			log.Fatal(err)
		}
	}
}

func readDocument(input io.Reader) ([]byte, error) {
	var length uint32
	if err := binary.Read(input, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	document := make([]byte, length)
	_, err := io.ReadFull(input, document)
	return document, err
}

func writeDocument(output *bufio.Writer, status byte, document []byte) error {
	if err := output.WriteByte(status); err != nil {
		return err
	}
	if err := binary.Write(output, binary.BigEndian, uint32(len(document))); err != nil {
		return err
	}
	if _, err := output.Write(document); err != nil {
		return err
	}
	return output.Flush()
}
