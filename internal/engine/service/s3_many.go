package service

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// copiesPerSecond is what one machine does against S3 with s3Parallel requests at a time, for estimates.
const copiesPerSecond = 150

// largePerSecond is how many bytes of one large object are copied in a second, for estimates.
const largePerSecond = 200 << 20

// packer puts instructions into changes of up to entriesPerPart each: about forty bytes an object.
type packer struct {
	bucket      *S3Bucket
	changes     []Change
	packed      bytes.Buffer
	zip         *gzip.Writer
	count       int
	first, last string
}

func (p *packer) add(apply s3Apply) error {
	raw, err := canonical(apply)
	if err != nil {
		return err
	}
	return p.write(raw, apply.Key)
}

func (p *packer) addRaw(raw json.RawMessage) error {
	var apply s3Apply
	if err := json.Unmarshal(raw, &apply); err != nil {
		return err
	}
	return p.write(raw, apply.Key)
}

func (p *packer) write(raw []byte, key string) error {
	if p.zip == nil {
		p.zip = gzip.NewWriter(&p.packed)
	}
	if p.count == 0 {
		p.first = key
	}
	p.count, p.last = p.count+1, key
	if _, err := p.zip.Write(append(raw, '\n')); err != nil {
		return err
	}
	if p.count < entriesPerPart {
		return nil
	}
	return p.flush()
}

func (p *packer) flush() error {
	if p.count == 0 {
		return nil
	}
	if err := p.zip.Close(); err != nil {
		return err
	}
	raw, err := canonical(s3Apply{Do: "many", List: base64.StdEncoding.EncodeToString(p.packed.Bytes())})
	if err != nil {
		return err
	}
	p.changes = append(p.changes, Change{
		Service: p.bucket.Name(), Action: Update, Reversible: true, Count: p.count, Apply: raw,
		Detail: fmt.Sprintf("%d objects in s3://%s, %s -> the captured versions", p.count, p.bucket.Target(), describeKeys(p.first, p.last)),
	})
	p.packed.Reset()
	p.zip.Reset(&p.packed)
	p.count = 0
	return nil
}

// unpack calls each with the instructions of one change.
func unpack(change Change, each func(s3Apply) error) error {
	var apply s3Apply
	if err := json.Unmarshal(change.Apply, &apply); err != nil {
		return err
	}
	if apply.Do != "many" {
		return each(apply)
	}
	zip, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader([]byte(apply.List))))
	if err != nil {
		return err
	}
	lines := bufio.NewReader(zip)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		var one s3Apply
		if err := json.Unmarshal(line, &one); err != nil {
			return err
		}
		if err := each(one); err != nil {
			return err
		}
	}
}

// estimate says how long changes in bulk take: the first one carries the whole, because they go one after another.
func (b *S3Bucket) estimate(changes []Change) {
	total := 0
	for _, change := range changes {
		total += change.Count
	}
	if total == 0 {
		return
	}
	changes[0].Estimate = time.Duration(total/copiesPerSecond) * time.Second
	if b.batch.takes(total) {
		changes[0].Estimate = b.batch.estimate(total)
		for i := range changes {
			changes[i].Detail += " (by S3 Batch Operations, as far as they are copies)"
		}
	}
}
