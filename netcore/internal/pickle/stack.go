package pickle

import (
	"errors"
	"fmt"
)

// maxValues is how many values a pickle may hold.
const maxValues = 1 << 18

var (
	errStack = errors.New("pickle takes from an empty stack")
	errMany  = fmt.Errorf("pickle holds more than %d values", maxValues)
)

// stack is the machine's stack with its marks. It counts the values that the pickle makes.
type stack struct {
	values []any
	marks  []int // heights of values
	made   int
}

// charge counts n values.
func (s *stack) charge(n int) error {
	if s.made += n; s.made > maxValues {
		return errMany
	}
	return nil
}

func (s *stack) push(v any) error {
	if err := s.charge(1); err != nil {
		return err
	}
	s.values = append(s.values, v)
	return nil
}

func (s *stack) mark() error {
	if err := s.charge(1); err != nil {
		return err
	}
	s.marks = append(s.marks, len(s.values))
	return nil
}

// floor is the height below which nothing may be taken: the current mark.
func (s *stack) floor() int {
	if n := len(s.marks); n > 0 {
		return s.marks[n-1]
	}
	return 0
}

// drop takes the top value, or the mark if nothing is above it.
func (s *stack) drop() error {
	if len(s.marks) > 0 && s.floor() == len(s.values) {
		s.marks = s.marks[:len(s.marks)-1]
		return nil
	}
	_, err := s.pop()
	return err
}

func (s *stack) pop() (any, error) {
	v, err := s.top()
	if err == nil {
		s.values = s.values[:len(s.values)-1]
	}
	return v, err
}

func (s *stack) top() (any, error) {
	n := len(s.values) - 1
	if n < s.floor() {
		return nil, errStack
	}
	return s.values[n], nil
}

// toMark takes the last mark and everything above it. The slice is valid until the next push.
func (s *stack) toMark() ([]any, error) {
	n := len(s.marks) - 1
	if n < 0 {
		return nil, errors.New("pickle has no mark")
	}
	from := s.marks[n]
	s.marks = s.marks[:n]
	items := s.values[from:]
	s.values = s.values[:from]
	return items, nil
}

// take takes the top n values. The slice is valid until the next push.
func (s *stack) take(n int) ([]any, error) {
	from := len(s.values) - n
	if from < s.floor() {
		return nil, errStack
	}
	items := s.values[from:]
	s.values = s.values[:from]
	return items, nil
}

// reset empties s. A large buffer is not kept for the next pickle.
func (s *stack) reset() {
	if cap(s.values)+cap(s.marks) > keepStore {
		*s = stack{}
		return
	}
	clear(s.values[:cap(s.values)])
	s.values, s.marks, s.made = s.values[:0], s.marks[:0], 0
}
