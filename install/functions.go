package install

import "sort"

// function is one Lambda function.
type function struct {
	name, role string
	about      string
	seconds    int
	memory     int
	// asynchronous functions are invoked by events: what fails twice is set aside.
	asynchronous bool
}

// functionList are all functions. A stage has three minutes less for its work than
// its time-out, so that it answers and is called again (see heal.Config.Budget).
func functionList() []function {
	var list []function
	for _, stage := range Stages {
		f := function{name: stage, role: RoleHealer, about: "The stage " + stage + " of a run.", seconds: 600, memory: 1024}
		if stage == "PublishStatus" || stage == "Notify" {
			f.role = RoleReporter
		}
		list = append(list, f)
	}
	return append(list,
		function{HandlerEvents, RoleStarter, "Gathers events, and starts runs for them and by schedule.", 120, 256, true},
		function{HandlerStatus, RoleReader, "Reads the fleet and emits metrics.", 600, 1024, true},
		function{HandlerConfig, RoleCompiler, "Compiles tags and policy into Parameter Store.", 600, 1024, true})
}

func (t *template) functions(c Config) {
	environment := object(
		"SETMEND_JOURNAL", sub("s3://${Journal}/journal"),
		"SETMEND_REPORTS", sub("s3://${Reports}"),
		"SETMEND_DASHBOARD_URL", either("HasDashboard", sub("https://${Distribution.DomainName}"), ""),
		"SETMEND_TOPIC", ref("Alarms"))
	if c.CallAs != "" {
		environment.Content = append(environment.Content, text("SETMEND_CALL_AS"), text(c.CallAs))
	}
	for _, name := range sortedKeys(c.Environment) {
		environment.Content = append(environment.Content, text(name), text(c.Environment[name]))
	}
	for _, f := range functionList() {
		variables := object()
		variables.Content = append(variables.Content, environment.Content...)
		if f.name == HandlerEvents {
			variables.Content = append(variables.Content, text("SETMEND_STATE_MACHINE"), ref("StateMachine"))
		}
		t.resource(f.name+"Function", f.about, "AWS::Lambda::Function", object(
			"Runtime", "provided.al2023",
			"Architectures", flow(list(ref("Architecture"))),
			"Handler", f.name,
			"Role", att(f.role+".Arn"),
			"Timeout", f.seconds,
			"MemorySize", f.memory,
			"Code", object("S3Bucket", either("CodeInJournal", ref("Journal"), ref(ParameterCodeBucket)), "S3Key", ref(ParameterCodeKey)),
			"LoggingConfig", object("LogFormat", "JSON", "LogGroup", ref("Log")),
			"TracingConfig", object("Mode", "Active"),
			"Environment", object("Variables", variables)))
		if f.asynchronous {
			t.resource(f.name+"Failures", "", "AWS::Lambda::EventInvokeConfig", object(
				"FunctionName", ref(f.name+"Function"), "Qualifier", "$LATEST", "MaximumRetryAttempts", 1, "MaximumEventAgeInSeconds", 21600,
				"DestinationConfig", object("OnFailure", object("Destination", att("DeadLetters.Arn")))))
		}
	}
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
