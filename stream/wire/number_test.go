package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
)

func FuzzFloat(f *testing.F) {
	for _, v := range []float64{0, 1, -1, 0.1, 1e21, 1e-7, 1 << 53, 1<<53 + 2, math.MaxFloat64, math.SmallestNonzeroFloat64, 1e6, 123456.789} {
		f.Add(math.Float64bits(v))
	}
	f.Add(noneBits)
	f.Add(math.Float64bits(math.NaN()))
	f.Fuzz(func(t *testing.T, bits uint64) {
		v := math.Float64frombits(bits)
		text := AppendFloat(nil, v)
		if !json.Valid(text) {
			t.Fatalf("%x is written as %s", bits, text)
		}
		back, err := parseFloat(text)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case IsNone(v) != IsNone(back), math.IsNaN(v) != math.IsNaN(back):
			t.Fatalf("%x is written as %s and read as %x", bits, text, math.Float64bits(back))
		case !math.IsNaN(v) && math.Float64bits(back) != bits:
			t.Fatalf("%x is written as %s and read as %x", bits, text, math.Float64bits(back))
		}
	})
}

func FuzzString(f *testing.F) {
	f.Add("a\"\\\x00\x1f\n\u2028\u2029é☃\xff\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		text := appendString(nil, s)
		var back string
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%q is written as %s: %v", s, text, err)
		}
		if want := string(bytes.ToValidUTF8([]byte(s), []byte("\ufffd"))); len([]rune(s)) != len([]rune(back)) || (s == want && back != s) {
			t.Fatalf("%q came back as %q", s, back)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, m := range serverGolden() {
		f.Add(m.AppendJSON(nil))
	}
	f.Add([]byte(`{"op":"samples","v":[1,,2,]}`))
	f.Add([]byte(`{"op":"samples","v":["x"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data)
		if err != nil || m == nil {
			return
		}
		first := m.AppendJSON(nil)
		back, err := Decode(first)
		if err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		if again := back.AppendJSON(nil); !bytes.Equal(first, again) {
			t.Fatalf("%s became %s", first, again)
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	for _, in := range []string{``, `[]`, `{}`, `{"op":7}`, `{"op":"alert"}`, `{"op":"samples","v":{}}`, `{"op":"samples","v":[true]}`, `{"op":"samples","v":["1"]}`} {
		if m, err := Decode([]byte(in)); err == nil {
			t.Errorf("%s is accepted as %+v", in, m)
		}
	}
	if m, err := Decode([]byte(`{"op":"silence","x":{"y":[1]}}`)); m != nil || err != nil {
		t.Errorf("an unknown op gives %v, %v", m, err)
	}
}

func BenchmarkSamples(b *testing.B) {
	m := Samples{Sub: 3, Rev: 1, T: 1763683200000, V: make([]float64, 1000)}
	for i := range m.V {
		m.V[i] = float64(i) * 1.37
		if i%2 == 0 {
			m.V[i] = float64(i * 4096)
		}
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = m.AppendJSON(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

// BenchmarkToCBOR is what the second encoding costs, for everybody together.
func BenchmarkToCBOR(b *testing.B) {
	m := Samples{Sub: 3, Rev: 1, T: 1763683200000}
	for i := range 500 {
		m.V = append(m.V, float64(i*i%977)+0.25)
	}
	message := m.AppendJSON(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ToCBOR(message); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(message)), "bytes")
}
