package stacks

// Tag is a key and a value.
type Tag struct {
	Key   string `valid:"required,min=1,max=128"`
	Value string `valid:"max=256"`
}
