package queue

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/tidwall/wal"
	"go.etcd.io/bbolt"

	"example.com/zaphandlers/queuecore/jetstream"
)

// tidwall is tidwall/wal, with an fsync a call or none.
func tidwall(sync bool, group int) store {
	name := oneByOne
	if group > 1 {
		name = fmt.Sprintf("tidwall/wal, batches of %d", group)
	}
	if sync {
		name += ", synced"
	}
	return store{name, group, func(dir string) (func([][]byte) error, func() error, error) {
		options := *wal.DefaultOptions
		options.NoSync = !sync
		log, err := wal.Open(filepath.Join(dir, "wal"), &options)
		if err != nil {
			return nil, nil, err
		}
		next := uint64(1)
		var batch wal.Batch
		put := func(records [][]byte) error {
			if len(records) == 1 {
				next++
				return log.Write(next-1, records[0])
			}
			for _, r := range records {
				batch.Write(next, r)
				next++
			}
			return log.WriteBatch(&batch) // which empties it
		}
		return put, log.Close, nil
	}}
}

func key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// bolt is bbolt, with a transaction a group.
func bolt(sync bool) store {
	return store{"bbolt", group, func(dir string) (func([][]byte) error, func() error, error) {
		db, err := bbolt.Open(filepath.Join(dir, "db"), 0o600, &bbolt.Options{NoSync: !sync})
		if err != nil {
			return nil, nil, err
		}
		next := uint64(0)
		put := func(records [][]byte) error {
			return db.Update(func(tx *bbolt.Tx) error {
				bucket, err := tx.CreateBucketIfNotExists([]byte("records"))
				if err != nil {
					return err
				}
				bucket.FillPercent = 1 // keys only rise
				for _, r := range records {
					if err := bucket.Put(key(next), r); err != nil {
						return err
					}
					next++
				}
				return nil
			})
		}
		return put, db.Close, nil
	}}
}

// badgerStore is BadgerDB, with a batch a group.
func badgerStore(sync bool) store {
	return store{"BadgerDB", group, func(dir string) (func([][]byte) error, func() error, error) {
		db, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil).WithSyncWrites(sync))
		if err != nil {
			return nil, nil, err
		}
		next := uint64(0)
		put := func(records [][]byte) error {
			batch := db.NewWriteBatch()
			defer batch.Cancel()
			for _, r := range records {
				if err := batch.Set(key(next), r); err != nil {
					return err
				}
				next++
			}
			return batch.Flush()
		}
		return put, db.Close, nil
	}}
}

// jetstreamStore is ours, with a server in the process.
func jetstreamStore() store {
	return store{oursInStream, group, func(dir string) (func([][]byte) error, func() error, error) {
		e, err := jetstream.New(jetstream.Config{Dir: dir})
		if err != nil {
			return nil, nil, err
		}
		put := func(records [][]byte) error {
			_, err := e.Append(batchOf(records))
			return err
		}
		return put, func() error { return e.Close(context.Background()) }, nil
	}}
}

// publishAsync is what one writes with nats.go: a message a record, asynchronously, on the same kind of server.
func publishAsync() store {
	return store{directStream, group, func(dir string) (put func([][]byte) error, end func() error, err error) {
		s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true, NoSystemAccount: true})
		if err != nil {
			return nil, nil, err
		}
		go s.Start()
		defer func() {
			if err != nil {
				s.Shutdown()
			}
		}()
		if !s.ReadyForConnections(10 * time.Second) {
			return nil, nil, fmt.Errorf("the server does not start")
		}
		conn, err := nats.Connect("", nats.InProcessServer(s))
		if err != nil {
			return nil, nil, err
		}
		js, err := natsjs.New(conn)
		if err != nil {
			return nil, nil, err
		}
		if _, err = js.CreateStream(context.Background(), natsjs.StreamConfig{Name: "records", Storage: natsjs.FileStorage}); err != nil {
			return nil, nil, err
		}
		put = func(records [][]byte) error {
			for _, r := range records {
				if _, err := js.PublishAsync("records", r); err != nil {
					return err
				}
			}
			return nil
		}
		end = func() error {
			<-js.PublishAsyncComplete()
			conn.Close()
			s.Shutdown()
			s.WaitForShutdown()
			return nil
		}
		return put, end, nil
	}}
}
