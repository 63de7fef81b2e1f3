package journal

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
)

// FuzzScan: arbitrary bytes behind a header give records in order, inside what
// was scanned, and no panic.
func FuzzScan(f *testing.F) {
	p := place{epoch: 7, number: 1}
	var b []byte
	for seq := uint64(1); seq < 4; seq++ {
		b = p.encode(b, stored{Record: Record{Kind: Event, Seq: seq, Data: []byte(text(seq))}, off: int64(len(b))})
	}
	f.Add(b)
	f.Add(b[:len(b)-20])
	f.Add(append(make([]byte, 64), b...))
	long := p.encode(nil, stored{Record: Record{Kind: State, Data: bytes.Repeat([]byte{0xf7, 'm', 'j', '1'}, 5000)}})
	f.Add(long)
	huge := bytes.Clone(long)
	binary.LittleEndian.PutUint32(huge[4:], 1<<31)
	f.Add(huge)
	f.Fuzz(func(t *testing.T, b []byte) {
		sc := newScanner(bytes.NewReader(b), p, 0, int64(len(b)))
		end, seq := int64(0), uint64(0)
		for {
			r, ok, err := sc.next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if r.off < end || r.off%align != 0 || r.off+headLen+int64(len(r.Data)) > int64(len(b)) || r.Seq < seq {
				t.Fatalf("record %d at %d of %d bytes, after %d at %d", r.Seq, r.off, len(b), seq, end)
			}
			end, seq = r.off+r.size, r.Seq
		}
		rest, err := readTail(bytes.NewReader(b), end/align*align, int64(len(b)), seq)
		if err != nil || rest.end > max(int64(len(b)), end) || (rest.used != 0 && rest.used < seq) {
			t.Fatalf("tail %+v, %v", rest, err)
		}
	})
}

// FuzzOpen: a directory with arbitrary files opens, takes an event, and has it
// when it is opened again.
func FuzzOpen(f *testing.F) {
	w := write(f, 60)
	var all [][]byte
	for _, path := range w.files {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, bytes.TrimRight(b, "\x00"))
	}
	f.Add(all[0], all[1])
	f.Add(all[1], all[0])
	f.Add(all[0], []byte{})
	f.Add([]byte{}, []byte("x"))
	f.Add(all[0][:dataStart+100], all[0][:100])
	f.Fuzz(func(t *testing.T, first, second []byte) {
		dir := t.TempDir()
		for i, b := range [][]byte{first, second} {
			b = append(bytes.Clone(b), make([]byte, max(0, small-len(b)))...)
			if err := os.WriteFile(segmentPath(dir, uint64(i+1)), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		j := mustOpenOn(t, dir, Options{}, small, unsynced())
		if err := j.Fold(func(Record) error { return nil }); err != nil {
			t.Fatal(err)
		}
		recs := event(j.Last() + 1)
		if _, err := j.Append(recs); err != nil {
			t.Fatal(err)
		}
		epoch, last := j.Epoch(), j.Last()
		j.Close()
		j = mustOpenOn(t, dir, Options{}, small, unsynced())
		got, err := j.Read(last-1, 1)
		if err != nil || len(got) != 1 || got[0].Seq != last || !bytes.Equal(got[0].Data, recs[0].Data) || j.Epoch() != epoch {
			t.Fatalf("epoch %s was %s; last %d was %d; read %v, %v", j.Epoch(), epoch, j.Last(), last, got, err)
		}
		if err := j.Fold(func(Record) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
}
