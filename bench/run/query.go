package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// streamPath is the path of the stream that follows queries, and alerts if asked.
func streamPath(alerts bool, queries ...string) string {
	v := url.Values{"query": queries}
	if alerts {
		v.Set("alerts", "")
	}
	return "/api/v1/stream?" + v.Encode()
}

// query asks the daemon for the one value of an expression.
func query(ctx context.Context, s *server, expr string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/api/v1/query?query="+url.QueryEscape(expr), nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("query %s: %w", expr, err)
	}
	defer resp.Body.Close()
	var answer struct {
		Error string `json:"error"`
		Data  struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, resp.Body, 1<<20)).Decode(&answer); err != nil {
		return 0, fmt.Errorf("query %s: %w", expr, err)
	}
	if len(answer.Data.Result) != 1 {
		return 0, fmt.Errorf("query %s: %d results; %s", expr, len(answer.Data.Result), answer.Error)
	}
	text, _ := answer.Data.Result[0].Value[1].(string)
	return strconv.ParseFloat(text, 64)
}
