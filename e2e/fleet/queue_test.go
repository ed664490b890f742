package fleet

import "time"

// An eventKind says what an event is.
type eventKind uint8

const (
	visit    eventKind = iota // who is the visitor
	arrival                   // of a version of the file; who is the replica, as below
	reading                   // of the file
	rotation                  // who is nobody
	restart
)

type event struct {
	at      time.Time
	kind    eventKind
	who     int32
	version int32
}

// A queue is a heap of events, the next one first. container/heap would box
// each of hundreds of millions.
type queue []event

func (q *queue) push(e event) {
	*q = append(*q, e)
	s := *q
	for i := len(s) - 1; i > 0; {
		above := (i - 1) / 2
		if !s[i].at.Before(s[above].at) {
			return
		}
		s[i], s[above] = s[above], s[i]
		i = above
	}
}

func (q *queue) pop() event {
	s := *q
	next, last := s[0], len(s)-1
	s[0] = s[last]
	s = s[:last]
	*q = s
	for i := 0; ; {
		below := 2*i + 1
		if below >= last {
			return next
		}
		if below+1 < last && s[below+1].at.Before(s[below].at) {
			below++
		}
		if !s[below].at.Before(s[i].at) {
			return next
		}
		s[i], s[below] = s[below], s[i]
		i = below
	}
}
