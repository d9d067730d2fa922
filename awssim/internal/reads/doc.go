// Package reads turns what a template declared into what AWS returns when the
// resource is read: defaults filled in, letter case, formats and types changed,
// write-only values gone.
//
// All of that is data. The files in rules hold one rule a line,
//
//	TYPE PATH KIND [ARGUMENT] # EVIDENCE
//
// and one engine ([Read]) applies the rules to live state at the time of a read,
// so that a resource stores nothing but what was declared.
//
// TYPE is a glob (* within a name; AWS::RDS::*), PATH a path of properties with
// globs for names, * for any member and ** for any depth. Both may carry
// conditions on members of the resource, or of the object at that place, in
// brackets: [Engine=aurora*], [!KmsKeyId], [Type], with [A=x|y] for either.
// An argument is JSON, in which ${Account}, ${Region}, ${Partition}, ${Name}, ${Id},
// ${uuid}, ${hex17} (and so on) and ${prop:Path} of the
// resource and ${here:Path} of the object at that place are filled in; of the latter two
// also a part, ${prop:EngineVersion|major}: base64, major (16), minor (16.4), dashed
// (16-4), last (what follows the last slash or colon). What the JSON does not need
// quoting for may be bare: default ipv4.
//
// Kinds of rules that change what is declared:
//
//	lower upper         letter case
//	text number bool    type of a scalar; typed is the one that the schema has
//	json object         an object to JSON text, JSON text to an object
//	list scalar         a scalar to a list of one, and back
//	set VALUE           another value, whatever was declared
//	map {"A":"b"}       other values for some; keys may end in *
//	prefix X suffix X   X added where it is not there
//	arn FORM            a name becomes an ARN; name: an ARN becomes a name
//	principals          account ids in a policy's principals become root ARNs
//	policy              Version added where there is none
//	replace [RE, TEXT]  what a regular expression matches becomes the text
//	policy-text         a policy becomes text, Version added, members in order
//	pretty              JSON text printed over several lines
//	printed             an object becomes JSON text as CloudFormation prints it
//	transform           letter case by the schema's own transforms
//	rate                rate(60 minutes) becomes rate(1 hour)
//	decimal             5 becomes 5.0
//	hour                epoch seconds down to the hour
//	drop                not shown
//
// Kinds that fill in what is not declared:
//
//	readable            shown, although the schema calls it write-only
//	no-false            as none, for the rules of kind false
//	default VALUE       where the property is missing; inside of an object only
//	                    where the object is there
//	none                nothing is filled in here by the rules that follow
//	merge [KEY, …]      the list's objects added that no member has the KEY of
//	attributes {K:V}    the same for lists of Key and Value
//	schema-default, documented-default, false, empty-list, empty-text, empty-map
//	                    for every property that the schema has there
//
// The first default for a place counts, so the special come before the general.
// The files are read in the order of their names.
package reads
