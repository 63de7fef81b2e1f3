package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/match"
	"monitord/alerts/silence"
)

// maxSilenceBody bounds a silence that somebody sends.
const maxSilenceBody = 64 << 10

// Codes of the framework that Alertmanager's API stands on, for what is not of
// its form.
const (
	codeType     = 601
	codeRequired = 602
	codeTooMany  = 611
	codeTooFew   = 612
)

type amSilence struct {
	ID        string          `json:"id"`
	Status    amSilenceStatus `json:"status"`
	UpdatedAt dateTime        `json:"updatedAt"`
	Comment   string          `json:"comment"`
	CreatedBy string          `json:"createdBy"`
	EndsAt    dateTime        `json:"endsAt"`
	Matchers  []amMatcher     `json:"matchers"`
	StartsAt  dateTime        `json:"startsAt"`
	Name      string          `json:"monitordName,omitempty"` // ours: what the configuration calls it
}

type amSilenceStatus struct {
	State silence.State `json:"state"`
}

type amMatcher struct {
	IsEqual bool   `json:"isEqual"`
	IsRegex bool   `json:"isRegex"`
	Name    string `json:"name"`
	Value   string `json:"value"`
}

func (am *alertmanager) publicSilence(s silence.Silence) *amSilence {
	p := &amSilence{
		ID: s.ID, Status: amSilenceStatus{s.State(am.Silences.Now())}, UpdatedAt: dateTime(s.UpdatedAt),
		Comment: s.Comment, CreatedBy: s.CreatedBy, StartsAt: dateTime(s.StartsAt), EndsAt: dateTime(s.EndsAt), Name: s.Name,
	}
	for _, m := range s.Matchers.All() {
		p.Matchers = append(p.Matchers, amMatcher{
			Name: m.Name, Value: m.Value,
			IsEqual: m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp,
			IsRegex: m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp,
		})
	}
	return p
}

// silences lists those that have every matcher of the filter, as Alertmanager
// does: severity="warning" finds neither severity!="warning" nor severity=~"warning".
func (am *alertmanager) silences(w http.ResponseWriter, r *http.Request) {
	filter, err := match.Parse(r.URL.Query()["filter"]...)
	if err != nil {
		am.answer(w, http.StatusBadRequest, fmt.Sprintf("bad matcher format: %v", err))
		return
	}
	list(am, w, func(yield func(*amSilence) bool) {
		for _, s := range am.Silences.List() {
			if hasAll(s.Matchers, filter) && !yield(am.publicSilence(s)) {
				return
			}
		}
	})
}

func hasAll(matchers, filter match.Matchers) bool {
	for _, want := range filter.All() {
		if !slices.ContainsFunc(matchers.All(), func(m *labels.Matcher) bool {
			return m.Type == want.Type && m.Name == want.Name && m.Value == want.Value
		}) {
			return false
		}
	}
	return true
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// id reads the id of a path; false if the request has been answered.
func (am *alertmanager) id(w http.ResponseWriter, r *http.Request) (string, bool) {
	id := r.PathValue("id")
	if !uuidForm.MatchString(id) {
		am.invalid(w, http.StatusUnprocessableEntity, codeType, fmt.Sprintf("silenceID in path must be of type uuid: %.60q", id))
		return "", false
	}
	return id, true
}

func (am *alertmanager) silence(w http.ResponseWriter, r *http.Request) {
	id, ok := am.id(w, r)
	if !ok {
		return
	}
	s, ok := am.Silences.Get(id)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	am.answer(w, http.StatusOK, am.publicSilence(s))
}

func (am *alertmanager) deleteSilence(w http.ResponseWriter, r *http.Request) {
	id, ok := am.id(w, r)
	if !ok {
		return
	}
	switch err := am.Silences.Expire(r.Context(), id); {
	case err == nil, errors.Is(err, silence.ErrExpired):
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, silence.ErrUnknown):
		am.answer(w, http.StatusNotFound, err.Error())
	default: // the API has no other status for what cannot be done
		am.answer(w, http.StatusInternalServerError, err.Error())
	}
}

// postable is a silence as it is sent: what is required is a pointer.
type postable struct {
	ID        string            `json:"id"`
	Matchers  []postableMatcher `json:"matchers"`
	StartsAt  *sentTime         `json:"startsAt"`
	EndsAt    *sentTime         `json:"endsAt"`
	CreatedBy *string           `json:"createdBy"`
	Comment   *string           `json:"comment"`
}

type postableMatcher struct {
	Name    *string `json:"name"`
	Value   *string `json:"value"`
	IsRegex *bool   `json:"isRegex"`
	IsEqual *bool   `json:"isEqual"`
}

// sentTime is a time in one of the forms that Alertmanager takes: without a zone it
// is UTC, and an empty one is none.
type sentTime time.Time

func (t *sentTime) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	if text == "" {
		*t = sentTime{}
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		if at, err := time.Parse(layout, text); err == nil {
			*t = sentTime(at)
			return nil
		}
	}
	return fmt.Errorf("%.60q is no time, write one such as \"2026-12-24T18:00:00Z\"", text)
}

func (am *alertmanager) postSilence(w http.ResponseWriter, r *http.Request) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		am.invalid(w, http.StatusUnsupportedMediaType, http.StatusUnsupportedMediaType,
			fmt.Sprintf("unsupported media type %.60q, only [application/json] are allowed", kind))
		return
	}
	var p postable
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxSilenceBody)).Decode(&p); err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			am.invalid(w, http.StatusRequestEntityTooLarge, http.StatusRequestEntityTooLarge,
				fmt.Sprintf("the silence is larger than %d bytes: send one with at most %d matchers", tooLarge.Limit, match.Max))
			return
		}
		if errors.Is(err, io.EOF) {
			am.invalid(w, http.StatusUnprocessableEntity, codeRequired, "silence in body is required")
			return
		}
		am.invalid(w, http.StatusBadRequest, http.StatusBadRequest, fmt.Sprintf("parsing silence body failed, because %v", err))
		return
	}
	if code, what := p.lacks(); code != 0 {
		am.invalid(w, http.StatusUnprocessableEntity, code, what)
		return
	}
	want, err := p.silence()
	if err != nil {
		am.answer(w, http.StatusBadRequest, "silence invalid: "+err.Error())
		return
	}
	switch id, err := am.Silences.Put(r.Context(), want); {
	case err == nil:
		am.answer(w, http.StatusOK, map[string]string{"silenceID": id})
	case errors.Is(err, silence.ErrUnknown):
		am.answer(w, http.StatusNotFound, err.Error())
	case errors.Is(err, silence.ErrNotStored):
		am.Log.Warn("a silence cannot be stored", "err", err)
		am.answer(w, http.StatusInternalServerError, err.Error())
	default:
		am.answer(w, http.StatusBadRequest, "silence invalid: "+err.Error())
	}
}

// lacks returns the first thing that the API requires and that is not there.
func (p *postable) lacks() (code int, what string) {
	for _, required := range []struct {
		name string
		ok   bool
	}{
		{"comment", p.Comment != nil}, {"createdBy", p.CreatedBy != nil}, {"endsAt", p.EndsAt != nil},
		{"matchers", p.Matchers != nil}, {"startsAt", p.StartsAt != nil},
	} {
		if !required.ok {
			return codeRequired, required.name + " in body is required"
		}
	}
	if len(p.Matchers) == 0 {
		return codeTooFew, "matchers in body should have at least 1 items"
	}
	if n := len(p.Matchers); n > match.Max {
		return codeTooMany, fmt.Sprintf("matchers in body should have at most %d items, has %d", match.Max, n)
	}
	for i, m := range p.Matchers {
		for _, required := range []struct {
			name string
			ok   bool
		}{{"isRegex", m.IsRegex != nil}, {"name", m.Name != nil}, {"value", m.Value != nil}} {
			if !required.ok {
				return codeRequired, fmt.Sprintf("matchers.%d.%s in body is required", i, required.name)
			}
		}
	}
	return 0, ""
}

func (p *postable) silence() (silence.Silence, error) {
	s := silence.Silence{ID: p.ID, CreatedBy: *p.CreatedBy, Comment: *p.Comment, StartsAt: time.Time(*p.StartsAt), EndsAt: time.Time(*p.EndsAt)}
	all := make([]*labels.Matcher, 0, len(p.Matchers))
	for i, m := range p.Matchers {
		kind := labels.MatchEqual
		switch equal := m.IsEqual == nil || *m.IsEqual; {
		case *m.IsRegex && equal:
			kind = labels.MatchRegexp
		case *m.IsRegex:
			kind = labels.MatchNotRegexp
		case !equal:
			kind = labels.MatchNotEqual
		}
		if *m.IsRegex {
			if err := match.CheckRegex(*m.Value); err != nil {
				return s, fmt.Errorf("invalid label matcher %d: %w", i, err)
			}
		}
		matcher, err := labels.NewMatcher(kind, *m.Name, *m.Value)
		if err != nil {
			return s, fmt.Errorf("invalid label matcher %d: %w", i, err)
		}
		all = append(all, matcher)
	}
	var err error
	s.Matchers, err = match.New(all)
	return s, err
}
