package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
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

// crossValidate has the packer's trainer measure the sessions of
// testdata/sessions with tables that were trained without them, and returns the
// mean characters by kind.
func crossValidate(ctx context.Context, dir string) (map[string]float64, error) {
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

// readCrossValidation reads the table of the trainer in which a fifth of each
// kind is left out. Its columns begin with the kind and end with the cookie's
// mean characters.
func readCrossValidation(out []byte) (map[string]float64, error) {
	kinds := make(map[string]float64)
	scanner := bufio.NewScanner(bytes.NewReader(out))
	for in := false; scanner.Scan(); {
		line := scanner.Text()
		columns := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "cross-validated, a fifth"):
			in = true
		case !in || len(columns) == 0 && len(kinds) == 0 || len(columns) > 0 && columns[0] == "kind":
		case len(columns) == 0:
			return kinds, nil
		case !strings.HasPrefix(columns[0], "~"): // a sum
			mean, err := strconv.ParseFloat(columns[len(columns)-1], 64)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errNoTrainer, err)
			}
			kinds[columns[0]] = mean
		}
	}
	if len(kinds) == 0 {
		return nil, fmt.Errorf("%w: it has printed no such table", errNoTrainer)
	}
	return kinds, nil
}

// addUntrained adds a row for the mean characters by kind when each session's
// tables were trained without it.
func (t *sizeTable) addUntrained(kinds map[string]float64) error {
	if !slices.Equal(slices.Sorted(maps.Keys(kinds)), t.Kinds) {
		return fmt.Errorf("%w: its kinds are %v", errNoTrainer, slices.Sorted(maps.Keys(kinds)))
	}
	sum := 0.0
	for kind, mean := range kinds {
		sum += mean * float64(t.Count[kind])
	}
	row := &sizeRow{Form: untrainedName, Group: ours, Note: "its tables were trained without the session", Kinds: kinds, Median: -1, Over: -1}
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
