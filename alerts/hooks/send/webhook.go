package send

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"monitord/alerts/hooks/message"
)

// Webhook posts messages to one URL. Use [NewWebhook]. Safe for concurrent use.
type Webhook struct {
	url    string
	masked string // what may be shown of it
	secret string
	*poster
}

// NewWebhook returns a sender that posts to u and, with a secret, signs what it
// posts.
func NewWebhook(u *url.URL, secret, version string) *Webhook {
	hidden := addressSecrets([]*url.URL{u}, secret)
	return &Webhook{url: u.String(), masked: maskURL(u), secret: secret, poster: newPoster(version, hidden)}
}

func (w *Webhook) Target() string { return w.masked }

func (w *Webhook) Send(ctx context.Context, m *message.Message) Outcome {
	header := http.Header{"Idempotency-Key": {m.Key}}
	if w.secret != "" {
		header.Set("X-Monitord-Signature", sign(w.secret, time.Now(), m.Body))
	}
	return w.post(ctx, m, w.url, header, m.Body)
}

// sign returns the header X-Monitord-Signature for a body sent at t.
func sign(secret string, t time.Time, body []byte) string {
	unix := strconv.FormatInt(t.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, unix)
	io.WriteString(mac, ".")
	mac.Write(body)
	return "t=" + unix + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
