package send

import "strings"

// words are those that addresses are made of. None of them is a secret, and errors
// are full of them.
var words = func() map[string]bool {
	all := make(map[string]bool)
	for _, w := range strings.Fields(`
		account accounts admin alert alerting alertmanager alerts api app apps async auth bot bots broadcast bus callback
		cgi channel channels chat client collect collector create dashboard default delivery dev email endpoint endpoints enqueue
		event events forward gateway generic git grafana group groups handle handler health heartbeat hook hooks host
		http https hub in inbound incident incidents incoming index info ingest ingress input instance integration integrations
		internal json listen listener local log logs mail main manager matrix message messages messaging metrics mobile
		monitor monitord monitoring net new nodes notice notices notification notifications notifier notify on online open ops out
		outgoing page pager path php ping plugin plugins post prod production prometheus proxy public publish push
		queue raw receive receiver receivers relay report request resource rest room rooms route router rpc
		schedule script send sender server service services slack sms staging status stream submit subscribe
		system systems target team teams telegram test ticket tickets token topic topics trigger triggers update upload url user users
		web webhook webhooks workflow workflows write`) {
		all[w] = true
	}
	return all
}()

// mostWords is how many words may stand together: of more, a password may be made.
const mostWords = 2

// ordinary says whether a part of an address is nothing but a word of those or two,
// or the number of a version such as v1: it tells nobody anything. Whatever is in
// doubt, a word that is not known, another number, is not.
func ordinary(part string) bool {
	fields := strings.FieldsFunc(strings.ToLower(part), func(r rune) bool { return strings.ContainsRune("-_.", r) })
	for _, f := range fields {
		version := len(f) == 2 && f[0] == 'v' && '0' <= f[1] && f[1] <= '9'
		if !version && !words[f] {
			return false
		}
	}
	return len(fields) > 0 && len(fields) <= mostWords
}
