package journal

import "testing"

func TestEpochOfAnEmptyJournalStays(t *testing.T) {
	dir := t.TempDir()
	epoch := ""
	for range 3 {
		j, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if epoch != "" && j.Epoch() != epoch {
			t.Errorf("the epoch was %s, is %s", epoch, j.Epoch())
		}
		epoch = j.Epoch()
		if j.First() != 1 || j.Last() != 0 {
			t.Errorf("first %d, last %d in an empty journal", j.First(), j.Last())
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if n, err := j.Append([]Record{{Kind: Event, Data: []byte("first")}}); n != 1 || err != nil || j.First() != 1 || j.Last() != 1 {
		t.Errorf("appended %d, %v; first %d, last %d", n, err, j.First(), j.Last())
	}
}
