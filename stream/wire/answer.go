package wire

// AppendAnswer appends the answer to a poll as one JSON object: where to go on,
// and messages, each written as JSON already.
func AppendAnswer(dst []byte, cursor string, messages [][]byte) []byte {
	dst = appendString(append(dst, `{"cursor":`...), cursor)
	dst = append(dst, `,"messages":[`...)
	for i, m := range messages {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, m...)
	}
	return append(dst, "]}"...)
}

// AppendAnswerCBOR is [AppendAnswer] as a CBOR map, of messages written as CBOR
// already.
func AppendAnswerCBOR(dst []byte, cursor string, messages [][]byte) []byte {
	dst = appendCBORHead(dst, cborMap, 2)
	dst = appendCBORText(appendCBORText(dst, "cursor"), cursor)
	dst = appendCBORHead(appendCBORText(dst, "messages"), cborArray, uint64(len(messages)))
	for _, m := range messages {
		dst = append(dst, m...)
	}
	return dst
}
