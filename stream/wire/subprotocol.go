package wire

// SubprotocolJSON is the WebSocket subprotocol of these messages as JSON in text
// frames; it is also what a client that asks for none gets.
const SubprotocolJSON = "monitord.v1.json"

// SubprotocolCBOR is the subprotocol of the same messages as CBOR in binary frames.
const SubprotocolCBOR = "monitord.v1.cbor"
