package atomicfile

import (
	"fmt"
	"time"
)

const (
	lockSuffix = ".lock"
	lockWait   = 10 * time.Second      // for Create, whose holders are done in milliseconds
	lockPoll   = 20 * time.Millisecond // between attempts
)

// Lock takes the exclusive lock of the file at path, which need not exist. Lock
// waits up to wait. Readers are not blocked.
//
// The locked file is another one beside it, whose name ends in .lock and which
// is never renamed or removed: a lock on the file itself would be one on the
// old file that [Replace] puts aside. Where the system has such locks, the
// death of a process releases its own.
//
// Lock removes the temporary files of processes that were killed.
func Lock(path string, wait time.Duration) (unlock func(), err error) {
	path, err = Resolve(path)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(wait); ; {
		unlock, ok, err := tryLock(path)
		if err != nil {
			return nil, err
		}
		if ok {
			sweep(path)
			return unlock, nil
		}
		if !time.Now().Before(deadline) {
			return nil, fmt.Errorf("%s is locked by another process", path+lockSuffix)
		}
		time.Sleep(lockPoll)
	}
}
