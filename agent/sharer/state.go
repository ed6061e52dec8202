package sharer

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/share"
)

// states are the states of interrupted uploads to one share. They may contain the addresses
// of upload sessions, which need no further credentials, and whoever may read results can
// read the store. So they are encrypted with the settings of the share.
type states struct {
	b    store.Backend
	read func(ctx context.Context, key string) ([]byte, error)
	key  []byte
	// id identifies the share and its settings.
	id string
}

func newStates(o Options) *states {
	settings, err := json.Marshal(o.Settings) // sorted by name
	if err != nil {
		panic("sharer: settings have a JSON form: " + err.Error())
	}
	secret := append([]byte(o.Orders.Type+"\x00"), settings...)
	derive := func(purpose string) []byte {
		key, err := hkdf.Key(sha256.New, secret, nil, "kubevast share "+purpose, sha256.Size)
		if err != nil {
			panic("sharer: the length of a key is allowed: " + err.Error())
		}
		return key
	}
	s := &sharer{Options: o}
	return &states{b: o.Store, read: s.read, key: derive("state"), id: hex.EncodeToString(derive("id")[:8])}
}

// of returns the state for an archive of this content.
func (s *states) of(name, sum string) share.State {
	return &state{states: s, at: layout.ArchiveStateKey(name, s.id), content: []byte(name + "\x00" + sum)}
}

type state struct {
	*states
	at string
	// content is what the state is valid for.
	content []byte
}

func (s *state) cipher() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Load implements share.State. One that is not for this content, or cannot be read, is
// none.
func (s *state) Load(ctx context.Context) (string, error) {
	data, err := s.read(ctx, s.at)
	if err != nil || data == nil {
		return "", err
	}
	aead, err := s.cipher()
	if err != nil {
		return "", err
	}
	if len(data) < aead.NonceSize() {
		return "", nil
	}
	plain, err := aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], s.content)
	if err != nil {
		return "", nil
	}
	return string(plain), nil
}

// Save implements share.State.
func (s *state) Save(ctx context.Context, value string) error {
	if value == "" {
		return ofStore(s.b.Delete(ctx, s.at))
	}
	aead, err := s.cipher()
	if err != nil {
		return err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return fmt.Errorf("encrypt the state of an upload: %w", err)
	}
	data := aead.Seal(nonce, nonce, []byte(value), s.content)
	_, err = s.b.Put(ctx, s.at, bytes.NewReader(data), int64(len(data)), store.PutOptions{})
	return ofStore(err)
}
