package feed

import "testing"

const (
	seriesA  = `{"__name__":"a"}`
	seriesB1 = `{"__name__":"b","l":"1"}`
	seriesB2 = `{"__name__":"b","l":"2"}`
)

func TestSamples(t *testing.T) {
	w := newWorld(t)
	s := w.connect("")
	s.send(`{"op":"subscribe","id":"x","samples":"{__name__=~\"a|b\"}"}`)
	s.want(`{"op":"subscribed","id":"x","sub":1,"t":0}`)
	s.quiet()

	w.tick(begin, "b{2} 2", "a 1")
	s.want(
		`{"op":"series","sub":1,"rev":1,"series":[`+seriesA+`,`+seriesB2+`]}`,
		`{"op":"samples","sub":1,"rev":1,"t":1763683200000,"v":[1,2]}`)
	w.tick(begin+1000, "b{2} 3", "a NaN")
	s.want(`{"op":"samples","sub":1,"rev":1,"t":1763683201000,"v":["NaN",3]}`)

	t.Log("one that ends is null; it leaves, and a new one comes last, with the next series")
	w.tick(begin+2000, "b{2} 4")
	s.want(`{"op":"samples","sub":1,"rev":1,"t":1763683202000,"v":[null,4]}`)
	w.tick(begin+3000, "b{2} 5", "b{1} 6")
	s.want(
		`{"op":"series","sub":1,"rev":2,"series":[`+seriesB2+`,`+seriesB1+`]}`,
		`{"op":"samples","sub":1,"rev":2,"t":1763683203000,"v":[5,6]}`)

	t.Log("a time at which nothing has a sample sends nothing")
	w.tick(begin + 4000)
	w.tick(begin+5000, "b{1} 7")
	s.want(`{"op":"samples","sub":1,"rev":2,"t":1763683205000,"v":[null,7]}`)

	t.Log("a tick that was not taken is a gap, and series comes again")
	w.tick(begin+8000, "b{1} 8")
	s.want(
		`{"op":"gap","sub":1,"from":1763683206000,"to":1763683207000,"missed":2,"reason":"down"}`,
		`{"op":"series","sub":1,"rev":3,"series":[`+seriesB1+`]}`,
		`{"op":"samples","sub":1,"rev":3,"t":1763683208000,"v":[8]}`)

	t.Log("who comes later gets the newest at once, however it is spelt")
	late := w.connect("samples=%7B__name__%3D~%22a%7Cb%22%2C%7D")
	late.want(
		`{"op":"subscribed","id":"samples={__name__=~\"a|b\",}","sub":1,"t":1763683208000}`,
		`{"op":"series","sub":1,"rev":3,"series":[`+seriesB1+`]}`,
		`{"op":"samples","sub":1,"rev":3,"t":1763683208000,"v":[8]}`)

	s.send(`{"op":"unsubscribe","id":"x"}`)
	s.want(`{"op":"unsubscribed","id":"x","sub":1}`)
	w.tick(begin+9000, "b{1} 9")
	late.want(`{"op":"samples","sub":1,"rev":3,"t":1763683209000,"v":[9]}`)
	s.quiet()
}

func TestANewTopicIsPrimed(t *testing.T) {
	w := newWorld(t)
	for i := range int64(6) {
		w.tick(begin+i*1000, "a 1", "b{1} 2")
	}
	s, q := w.connect("samples=a&every=2s"), w.connect("query=scalar%28a%29%2B1&every=2s")
	s.want(
		`{"op":"subscribed","id":"samples=a","sub":1,"t":1763683204000}`,
		`{"op":"series","sub":1,"rev":1,"series":[`+seriesA+`]}`,
		`{"op":"samples","sub":1,"rev":1,"t":1763683204000,"v":[1]}`)
	q.want(
		`{"op":"subscribed","id":"query=scalar(a)+1","sub":2,"t":1763683204000}`,
		`{"op":"series","sub":2,"rev":1,"series":[{}]}`,
		`{"op":"samples","sub":2,"rev":1,"t":1763683204000,"v":[2]}`)
	w.tick(begin+6000, "a 5")
	s.want(`{"op":"samples","sub":1,"rev":1,"t":1763683206000,"v":[5]}`)
	q.want(`{"op":"samples","sub":2,"rev":1,"t":1763683206000,"v":[6]}`)
	w.tick(begin+7000, "a 6")
	s.quiet()
	q.quiet()
}

func TestTheClockIsSteppedBack(t *testing.T) {
	w := newWorld(t)
	s := w.connect("samples=a")
	s.next()
	w.tick(begin+60_000, "a 1")
	s.next()
	s.next()
	w.tick(begin, "a 2")
	s.want(
		`{"op":"gap","sub":1,"from":1763683200000,"to":1763683260000,"missed":0,"reason":"clock"}`,
		`{"op":"series","sub":1,"rev":1,"series":[`+seriesA+`]}`,
		`{"op":"samples","sub":1,"rev":1,"t":1763683200000,"v":[2]}`)
	w.tick(begin+1000, "a 3")
	s.want(`{"op":"samples","sub":1,"rev":1,"t":1763683201000,"v":[3]}`)
	late := w.connect("samples=a&from=-1s")
	late.want(
		`{"op":"subscribed","id":"samples=a","sub":1,"t":1763683201000}`,
		`{"op":"series","sub":1,"rev":1,"series":[`+seriesA+`]}`,
		`{"op":"samples","sub":1,"rev":1,"t":1763683200000,"v":[2]}`,
		`{"op":"samples","sub":1,"rev":1,"t":1763683201000,"v":[3]}`)
}
