package kindcluster

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kind/pkg/log"
)

// logger shows kind's own progress lines as ours.
type logger struct {
	progress func(string, ...any)
}

var _ log.Logger = logger{}

func (l logger) Warn(message string)               { l.say(message) }
func (l logger) Warnf(format string, args ...any)  { l.say(fmt.Sprintf(format, args...)) }
func (l logger) Error(message string)              { l.say(message) }
func (l logger) Errorf(format string, args ...any) { l.say(fmt.Sprintf(format, args...)) }
func (l logger) V(level log.Level) log.InfoLogger  { return infoLogger{l, level <= 0} }
func (l logger) say(message string) {
	if message = strings.TrimSpace(message); message != "" {
		l.progress("kind: %s", message)
	}
}

type infoLogger struct {
	logger  logger
	enabled bool
}

func (l infoLogger) Info(message string) {
	if l.enabled {
		l.logger.say(message)
	}
}

func (l infoLogger) Infof(format string, args ...any) { l.Info(fmt.Sprintf(format, args...)) }
func (l infoLogger) Enabled() bool                    { return l.enabled }
