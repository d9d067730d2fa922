package asl

type itemReader struct{}

func loadItemReader(l *loader, s *state, f *fields) *itemReader { return nil }
func (*itemReader) start(r *run, f *frame)                      {}

type itemBatcher struct{}

func loadItemBatcher(l *loader, f *fields) *itemBatcher { return nil }
func (*itemBatcher) batches(r *run, f *frame, w *mapState, in *data, items []any) ([]any, *failure) {
	return items, nil
}

type resultWriter struct{}

func loadResultWriter(l *loader, s *state, f *fields) *resultWriter { return nil }

type ObjectStore interface{}
type Listener interface{}
