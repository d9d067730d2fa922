package dashboard

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"sync"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/report"
)

var errNoRun = errors.New("no run yet")

// cache keeps what was made of one version, so that a hundred open pages cost
// one rendering.
type cache struct {
	mutex   sync.Mutex
	version string // of what follows; "" for none
	page    []byte
	state   []byte
}

// view is a consistent reading of the sources.
type view struct {
	report  *report.Report
	options Options
}

// version names the state of source and approvals together.
func (s *Server) version(ctx context.Context) (string, error) {
	version, err := s.config.Source.Version(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the report's version: %w", err)
	}
	waiting, err := s.waiting(ctx)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{version, waiting})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), err
}

func (s *Server) waiting(ctx context.Context) ([]Approval, error) {
	if s.config.Approvals == nil {
		return nil, nil
	}
	waiting, err := s.config.Approvals.Waiting(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what waits for approval: %w", err)
	}
	return waiting, nil
}

// read reads everything that a page shows. Ended runs are counted on the way.
func (s *Server) read(ctx context.Context) (view, error) {
	told, err := s.latest(ctx)
	if errors.Is(err, errNoRun) {
		told, err = &report.Report{}, nil // the page greets
	}
	if err != nil {
		return view{}, err
	}
	options := s.config.Page
	options.LiveURL = "/"
	if options.Approvals, err = s.waiting(ctx); err != nil {
		return view{}, err
	}
	if options.Decisions = nil; told.Run.ID == "" {
		return view{told, options}, nil
	}
	for decision, err := range s.config.Source.Decisions(ctx, told.Run.ID) {
		if err != nil {
			return view{}, fmt.Errorf("reading the decisions of run %s: %w", told.Run.ID, err)
		}
		options.Decisions = append(options.Decisions, decision)
	}
	return view{told, options}, nil
}

func (s *Server) latest(ctx context.Context) (*report.Report, error) {
	report, err := s.config.Source.Latest(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the latest report: %w", err)
	}
	if report == nil {
		return nil, errNoRun
	}
	s.metrics.observe(report)
	return report, nil
}

// current makes page and state of the present version, or takes what was made.
// The version is read first: if the state changes meanwhile, what is cached is
// newer than its name, and is made again at the next request.
func (s *Server) current(ctx context.Context) (page, state []byte, err error) {
	version, err := s.version(ctx)
	if err != nil {
		return nil, nil, err
	}
	s.cache.mutex.Lock()
	defer s.cache.mutex.Unlock()
	if s.cache.version == version {
		return s.cache.page, s.cache.state, nil
	}
	seen, err := s.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	made, err := makeParts(seen.report, seen.options)
	if err != nil {
		return nil, nil, err
	}
	seen.options.version = version
	var rendered bytes.Buffer
	if err := made.page(&rendered, seen.report, seen.options); err != nil {
		return nil, nil, err
	}
	page = rendered.Bytes()
	if state, err = json.Marshal(map[string]string{"core": made.core, "details": made.details}); err != nil {
		return nil, nil, err
	}
	s.cache.version, s.cache.page, s.cache.state = version, page, state
	return page, state, nil
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	page, _, err := s.current(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page)
}

// serveState serves what the page carries, packed as the page carries it.
func (s *Server) serveState(w http.ResponseWriter, r *http.Request) {
	_, state, err := s.current(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(state)
}

// serveEvents tells an open page the version, and again whenever it changes. A
// comment now and then keeps proxies from closing the stream.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	stream := http.NewResponseController(w)
	_ = stream.SetWriteDeadline(time.Time{}) // not every writer has one to lift
	_ = stream.SetReadDeadline(time.Time{})  // it would end the request, which waits to hear that the page was closed
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	tick := time.NewTicker(s.config.Poll)
	defer tick.Stop()
	for told, quiet := "", 0; ; quiet++ {
		if version, err := s.version(r.Context()); err != nil {
			s.config.Log.Error("watching the report", "error", err)
		} else if version != told {
			told, quiet = version, 0
			fmt.Fprintf(w, "event: state\ndata: %s\n\n", version)
		} else if quiet%15 == 14 {
			fmt.Fprint(w, ": still here\n\n")
		}
		if stream.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.closed.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) serveReport(w http.ResponseWriter, r *http.Request) {
	report, err := s.latest(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = JSON(w, report) // the reader has left: nobody to tell
}

// serveDecisions serves the latest run's decisions, or those of ?run=ID.
func (s *Server) serveDecisions(w http.ResponseWriter, r *http.Request) {
	run := r.URL.Query().Get("run")
	if run == "" {
		report, err := s.latest(r.Context())
		if err != nil {
			s.fail(w, r, err)
			return
		}
		run = report.Run.ID
	}
	w.Header().Set("Content-Type", "application/jsonl")
	if err := DecisionsJSONL(w, s.config.Source.Decisions(r.Context(), run)); err != nil {
		s.config.Log.Error("serving decisions", "run", run, "error", err)
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
}

func serveSchema(schema func() []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/schema+json")
		_, _ = w.Write(schema())
	}
}

func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	if _, err := s.config.Source.Version(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	fmt.Fprintln(w, "ok")
}

// serveApproval takes a decision.
func (s *Server) serveApproval(w http.ResponseWriter, r *http.Request) {
	var verdict ApprovalVerdict
	if !decode(w, r, &verdict, 8192) {
		return
	}
	if verdict.ID == "" || len(verdict.Note) > mostNote {
		http.Error(w, `Send {"id": "…", "approve": true or false, "note": "…"}, or {"id": "…", "undo": true}.`, http.StatusBadRequest)
		return
	}
	if s.config.Approvals == nil {
		s.fail(w, r, ErrNotWaiting)
		return
	}
	verdict.By = whoAsks(r.Context())
	if err := s.config.Approvals.Decide(r.Context(), verdict); err != nil {
		s.fail(w, r, fmt.Errorf("deciding %s: %w", verdict.ID, err))
		return
	}
	s.config.Log.Info("approval decided", "id", verdict.ID, "approve", verdict.Approve, "undo", verdict.Undo, "by", verdict.By)
	w.WriteHeader(http.StatusNoContent)
}

// mostNote is how many bytes a note may have: 500 characters of any script.
const mostNote = 2000

// serveRelease releases cells from quarantine, in order, until one fails.
func (s *Server) serveRelease(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Cells []fleet.Cell `json:"cells"`
	}
	if !decode(w, r, &wanted, 4<<20) {
		return
	}
	if len(wanted.Cells) == 0 {
		http.Error(w, `Send {"cells": [{"stackSet": "…", "account": "…", "region": "…"}]}.`, http.StatusBadRequest)
		return
	}
	if s.config.Quarantine == nil {
		s.fail(w, r, ErrNotWaiting)
		return
	}
	by := whoAsks(r.Context())
	for i, cell := range wanted.Cells {
		if err := s.config.Quarantine.Release(r.Context(), cell, by); err != nil {
			s.config.Log.Info("releasing cells", "released", i, "of", len(wanted.Cells), "by", by)
			s.fail(w, r, fmt.Errorf("releasing %s: %w", cell, err))
			return
		}
	}
	s.config.Log.Info("cells released", "cells", len(wanted.Cells), "by", by)
	w.WriteHeader(http.StatusNoContent)
}

// decode reads a request that changes something, or answers what is wrong with it. It
// wants JSON, which no form on another site can send without asking first; requests
// across origins are refused before.
func decode(w http.ResponseWriter, r *http.Request, into any, most int64) bool {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		http.Error(w, "Send JSON.", http.StatusUnsupportedMediaType)
		return false
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, most))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		http.Error(w, "That is not the JSON that is wanted here.", http.StatusBadRequest)
		return false
	}
	return true
}
