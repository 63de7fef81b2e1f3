// Package stream is the engine that moves frames to whoever watches.
package stream
