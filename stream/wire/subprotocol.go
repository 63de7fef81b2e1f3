package wire

// SubprotocolJSON is the WebSocket subprotocol of these messages as JSON in text
// frames; it is also what a client that asks for none gets.
const SubprotocolJSON = "monitord.v1.json"
