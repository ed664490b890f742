package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// untrainedName is this library with tables that were trained without the
// session that is measured.
const untrainedName = oursName + ", cross-validated"

var errNoTrainer = errors.New("the packer's trainer has not cross-validated")

// An untrained figure is of the sessions of one kind, or of a directory, with
// tables that were trained without them.
type untrained struct{ mean, median float64 } // characters; -1: unknown

// crossValidate has the packer's trainer measure the sessions that it is
// trained on with tables that were trained without them. The names of
// directories begin with ~.
func crossValidate(ctx context.Context, dir string) (map[string]untrained, error) {
	// go run would not end the trainer when ctx is over.
	temp, err := os.MkdirTemp("", "compare")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	trainer := filepath.Join(temp, "train")
	build := exec.CommandContext(ctx, "go", "build", "-o", trainer, "./train")
	train := exec.CommandContext(ctx, trainer, "-cv")
	build.Dir, train.Dir = dir, dir
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %w: %s", errNoTrainer, err, out)
	}
	out, err := train.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoTrainer, err)
	}
	return readCrossValidation(out)
}

// readCrossValidation reads the trainer's table in which a fifth of each kind
// is left out. Its head names the columns; "of json" is one.
func readCrossValidation(out []byte) (map[string]untrained, error) {
	figures := make(map[string]untrained)
	_, rest, found := strings.Cut(string(out), "a fifth of each kind left out")
	_, rest, lines := strings.Cut(rest, "\n")
	if !found || !lines {
		return nil, fmt.Errorf("%w: it has printed no such table", errNoTrainer)
	}
	text, _, _ := strings.Cut(rest, "\n\n")
	var head []string
	for line := range strings.Lines(text) {
		columns := strings.Fields(strings.Replace(line, "of json", "share", 1))
		if head == nil {
			head = columns
			continue
		}
		figure := untrained{-1, -1}
		for name, to := range map[string]*float64{"cookie": &figure.mean, "median": &figure.median} {
			i := slices.Index(head, name)
			if i < 0 {
				continue
			}
			if i >= len(columns) {
				return nil, fmt.Errorf("%w: %q lacks %s", errNoTrainer, line, name)
			}
			var err error
			if *to, err = strconv.ParseFloat(columns[i], 64); err != nil {
				return nil, fmt.Errorf("%w: %w", errNoTrainer, err)
			}
		}
		figures[columns[0]] = figure
	}
	return figures, nil
}

// addUntrained adds a row for the figures of a table's kinds.
func (t *sizeTable) addUntrained(figures map[string]untrained) error {
	row := &sizeRow{
		Form: untrainedName, Group: ours, Note: "its tables were trained without the session",
		Kinds: make(map[string]float64), Median: -1, Over: -1,
	}
	if whole, ok := figures["~"+filepath.Base(t.dir)]; ok {
		row.Median = whole.median
	}
	sum := 0.0
	for _, kind := range t.Kinds {
		figure, ok := figures[kind]
		if !ok || figure.mean < 0 {
			return fmt.Errorf("%w: it has no %s", errNoTrainer, kind)
		}
		row.Kinds[kind] = figure.mean
		sum += figure.mean * float64(t.Count[kind])
	}
	row.Mean = sum / float64(total(t.Count))
	row.Share = row.Mean / t.JSON
	t.Rows = slices.Insert(t.Rows, 2, row)
	return nil
}

// ours returns the row that others are compared with: the cross-validated one,
// if there is one.
func (t *sizeTable) ours() (*sizeRow, error) {
	if row, err := t.row(untrainedName); err == nil {
		return row, nil
	}
	return t.row(oursName)
}
