package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// junitReport is what came of files of unit tests, as continuous integration reads it.
type junitReport struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

// A junitSuite is a file. One that cannot be used is an error of a case without a
// test.
type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class    string         `xml:"classname,attr"`
	Name     string         `xml:"name,attr"`
	Failures []junitFailure `xml:"failure"`
	Error    *junitFailure  `xml:"error"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// add adds what came of a file.
func (j *junitReport) add(r testReport) {
	s := junitSuite{Name: r.File, Tests: r.Tests, Failures: r.Failed, Skipped: r.skipped}
	if len(r.Faults) > 0 {
		s.Tests, s.Errors = 1, 1
		s.Cases = []junitCase{{Class: r.File, Name: "(the file)", Error: &junitFailure{
			Message: "cannot be used", Text: strings.Join(r.Faults, "\n"),
		}}}
	}
	for i, name := range r.names {
		c := junitCase{Class: r.File, Name: name}
		for _, f := range r.Failures {
			if f.of == i {
				c.Failures = append(c.Failures, junitFailure{Message: f.What, Text: fmt.Sprintf("%s:%d:\n%s", r.File, f.Line, f.Text)})
			}
		}
		s.Cases = append(s.Cases, c)
	}
	j.Suites = append(j.Suites, s)
}

func (j *junitReport) write(w io.Writer) error {
	text, err := xml.MarshalIndent(j, "", " ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}
