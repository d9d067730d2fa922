package main

import (
	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/heal/rollouts"
	"github.com/setmend/setmend/journal/s3"
	"github.com/setmend/setmend/journal/sqlite"
)

// The rooms declare what they need and never import whoever provides it; here,
// where they are wired together, is where it is checked that they fit.
var (
	_ heal.Cloud     = (*cloud.AWS)(nil)
	_ record.Journal = (*sqlite.Journal)(nil)
	_ asl.Store      = (*sqlite.Journal)(nil)
	_ rollouts.Cloud = (*cloud.AWS)(nil)
	_ openStore      = (*s3.Journal)(nil)

	_ s3.ObjectStore   = (*cloud.Bucket)(nil)
	_ s3.ObjectRemover = (*cloud.Bucket)(nil)
)
