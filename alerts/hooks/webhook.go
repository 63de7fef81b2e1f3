package hooks

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
)

// webhook posts messages to one URL. Use newWebhook.
type webhook struct {
	url    string
	masked string // what may be shown of it
	secret string
	*poster
}

func newWebhook(u *url.URL, secret, version string) *webhook {
	hidden := newSecrets(append(urlSecrets(u), secret)...)
	return &webhook{url: u.String(), masked: maskURL(u), secret: secret, poster: newPoster(version, hidden)}
}

func (w *webhook) target() string { return w.masked }

func (w *webhook) send(ctx context.Context, m *message) outcome {
	header := http.Header{"Idempotency-Key": {m.key}}
	if w.secret != "" {
		header.Set("X-Monitord-Signature", sign(w.secret, time.Now(), m.body))
	}
	return w.post(ctx, m, w.url, header, m.body)
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
