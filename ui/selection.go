package ui

import "slices"

// selection is which pictures of a list are chosen, and where the next key goes on
// from.
type selection struct {
	ids    []string // the list
	chosen map[string]bool
	at     int // the place of the last one touched, -1 for none
	anchor int // the place where a range begins
}

// set changes the list; what is in the new one stays chosen.
func (s *selection) set(ids []string) {
	at, anchor := s.id(s.at), s.id(s.anchor)
	s.ids = ids
	if len(s.chosen) > 0 {
		still := make(map[string]bool, len(s.chosen))
		for _, id := range ids {
			if s.chosen[id] {
				still[id] = true
			}
		}
		s.chosen = still
	}
	s.at, s.anchor = s.place(at), s.place(anchor)
}

// id is the picture at a place, "" for none.
func (s *selection) id(place int) string {
	if place < 0 || place >= len(s.ids) {
		return ""
	}
	return s.ids[place]
}

// place is where a picture is, -1 for nowhere.
func (s *selection) place(id string) int {
	if id == "" {
		return -1
	}
	return slices.Index(s.ids, id)
}

// current is the picture touched last if it is chosen, else the first that is.
func (s *selection) current() string {
	if id := s.id(s.at); s.chosen[id] {
		return id
	}
	if len(s.chosen) > 0 {
		for _, id := range s.ids {
			if s.chosen[id] {
				return id
			}
		}
	}
	return ""
}

// all is those chosen, in the order of the list.
func (s *selection) all() []string {
	if len(s.chosen) == 0 {
		return nil
	}
	list := make([]string, 0, len(s.chosen))
	for _, id := range s.ids {
		if s.chosen[id] {
			list = append(list, id)
		}
	}
	return list
}

// only chooses one and no other.
func (s *selection) only(place int) {
	s.chosen, s.at, s.anchor = map[string]bool{}, -1, -1
	if id := s.id(place); id != "" {
		s.chosen[id], s.at, s.anchor = true, place, place
	}
}

// toggle chooses one beside the others, or takes its choice back.
func (s *selection) toggle(place int) {
	id := s.id(place)
	if id == "" {
		return
	}
	if s.chosen == nil {
		s.chosen = map[string]bool{}
	}
	if s.chosen[id] {
		delete(s.chosen, id)
	} else {
		s.chosen[id] = true
	}
	s.at, s.anchor = place, place
}

// to chooses everything from the anchor to a place, beside the others or alone.
func (s *selection) to(place int, beside bool) {
	if s.id(place) == "" {
		return
	}
	if s.anchor < 0 {
		s.anchor = max(0, s.at)
	}
	if !beside || s.chosen == nil {
		s.chosen = map[string]bool{}
	}
	for i := min(s.anchor, place); i <= max(s.anchor, place); i++ {
		s.chosen[s.ids[i]] = true
	}
	s.at = place
}

// everything chooses all there is.
func (s *selection) everything() {
	s.chosen = make(map[string]bool, len(s.ids))
	for _, id := range s.ids {
		s.chosen[id] = true
	}
}
