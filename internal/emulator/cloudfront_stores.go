package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// keyValueStores are CloudFront's key value stores, which have two services: CloudFront makes them, and CloudFront
// KeyValueStore holds their keys. Moto has neither.
type keyValueStores struct {
	mu     sync.Mutex
	byName map[string]*keyValueStore
	made   int
}

type keyValueStore struct {
	name, comment, id, arn string
	created, changed       time.Time
	generation             int // of the store itself, for CloudFront
	keysGeneration         int // of its keys, for CloudFront KeyValueStore
	keys                   map[string]string
}

func newKeyValueStores() *keyValueStores {
	return &keyValueStores{byName: map[string]*keyValueStore{}}
}

func (s *keyValueStores) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byName = map[string]*keyValueStore{}
}

// byARN must be called with the lock held.
func (s *keyValueStores) byARN(arn string) *keyValueStore {
	for _, store := range s.byName {
		if store.arn == arn {
			return store
		}
	}
	return nil
}

// etag names a version. CloudFront KeyValueStore takes its own only: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-kvp.html.
func (k *keyValueStore) etag(plane string, generation int) string {
	return fmt.Sprintf("KV%X", sha256.Sum256(fmt.Appendf(nil, "%s %s %d", k.id, plane, generation)))[:15]
}

func (k *keyValueStore) size() (bytes int) {
	for key, value := range k.keys {
		bytes += len(key) + len(value)
	}
	return bytes
}

// control serves what CloudFront does with stores; nil for what it does not know.
func (c *cloudfrontRules) control(operation string) rule {
	serve := map[string]func(x *exchange) *answer{
		"CreateKeyValueStore": c.createStore, "DescribeKeyValueStore": c.describeStore, "ListKeyValueStores": c.listStores, "DeleteKeyValueStore": c.deleteStore, "UpdateKeyValueStore": c.updateStore,
	}[operation]
	if serve == nil {
		return nil
	}
	return func(_ context.Context, x *exchange) (*answer, error) {
		c.stores.mu.Lock()
		defer c.stores.mu.Unlock()
		return serve(x), nil
	}
}

var storeName = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)

// createStore is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateKeyValueStore.html.
func (c *cloudfrontRules) createStore(x *exchange) *answer {
	asked, err := parseNode(x.body, "CreateKeyValueStoreRequest")
	switch {
	case err != nil || !storeName.MatchString(asked.value("Name")):
		return x.fail(http.StatusBadRequest, "InvalidArgument", "The name of the key value store is not valid.")
	case asked.child("ImportSource") != nil:
		return x.fail(http.StatusNotImplemented, "NotImplemented", "the emulator imports no keys from S3")
	case c.stores.byName[asked.value("Name")] != nil:
		return x.fail(http.StatusConflict, "EntityAlreadyExists", "The key value store already exists.")
	}
	c.stores.made++
	sum := sha256.Sum256(fmt.Appendf(nil, "key value store %d", c.stores.made))
	store := &keyValueStore{
		name: asked.value("Name"), comment: asked.value("Comment"), created: c.at, changed: c.at, generation: 1, keysGeneration: 1, keys: map[string]string{},
		id: fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]),
	}
	store.arn = "arn:aws:cloudfront::" + AccountID + ":key-value-store/" + store.id
	c.stores.byName[store.name] = store
	reply := c.storeAnswer(store)
	reply.status = http.StatusCreated
	reply.header.Set("Location", "https://cloudfront.amazonaws.com/2020-05-31/key-value-store/"+store.arn)
	return reply
}

func (c *cloudfrontRules) describeStore(x *exchange) *answer {
	if store := c.stores.byName[x.Resource]; store != nil {
		return c.storeAnswer(store)
	}
	return x.fail(http.StatusNotFound, "EntityNotFound", "The key value store was not found.")
}

// unmatchedStore refuses a change of another version than the current one, or of nothing.
func (c *cloudfrontRules) unmatchedStore(x *exchange) (store *keyValueStore, refused *answer) {
	store = c.stores.byName[x.Resource]
	switch match := x.request.Header.Get("If-Match"); {
	case store == nil:
		return nil, x.fail(http.StatusNotFound, "EntityNotFound", "The key value store was not found.")
	case match == "":
		return nil, x.fail(http.StatusBadRequest, "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
	case match != store.etag("control", store.generation):
		return nil, x.fail(http.StatusPreconditionFailed, "PreconditionFailed", "The precondition in one or more of the request fields evaluated to false.")
	}
	return store, nil
}

func (c *cloudfrontRules) updateStore(x *exchange) *answer {
	store, refused := c.unmatchedStore(x)
	if refused != nil {
		return refused
	}
	asked, err := parseNode(x.body, "UpdateKeyValueStoreRequest")
	if err != nil {
		return x.fail(http.StatusBadRequest, "InvalidArgument", "The request cannot be read.")
	}
	store.comment, store.changed, store.generation = asked.value("Comment"), c.at, store.generation+1
	return c.storeAnswer(store)
}

// deleteStore is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteKeyValueStore.html: not while a function uses it.
func (c *cloudfrontRules) deleteStore(x *exchange) *answer {
	store, refused := c.unmatchedStore(x)
	if refused != nil {
		return refused
	}
	for _, function := range c.functions {
		used := false
		for _, code := range []*edgeCode{function.development, function.live} {
			if code != nil {
				code.config.each("KeyValueStoreARN", func(n *node) { used = used || strings.TrimSpace(n.text) == store.arn })
			}
		}
		if used {
			return x.fail(http.StatusConflict, "CannotDeleteEntityWhileInUse", "The key value store is associated with a function.")
		}
	}
	delete(c.stores.byName, store.name)
	return &answer{status: http.StatusNoContent, header: http.Header{}}
}

// storeAnswer is a store as CloudFront tells of it: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_KeyValueStore.html.
func (c *cloudfrontRules) storeAnswer(store *keyValueStore) *answer {
	return libraryAnswer(store.node(), store.etag("control", store.generation))
}

func (k *keyValueStore) node() *node {
	return &node{name: "KeyValueStore", children: []*node{
		{name: "Name", text: k.name},
		{name: "Id", text: k.id},
		{name: "Comment", text: k.comment},
		{name: "ARN", text: k.arn},
		{name: "Status", text: "READY"},
		{name: "LastModifiedTime", text: k.changed.UTC().Format(time.RFC3339)},
	}}
}

// listStores is one page with all stores: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListKeyValueStores.html.
func (c *cloudfrontRules) listStores(*exchange) *answer {
	items := &node{name: "Items"}
	for _, name := range slices.Sorted(maps.Keys(c.stores.byName)) {
		items.children = append(items.children, c.stores.byName[name].node())
	}
	return libraryAnswer(&node{name: "KeyValueStoreList", children: []*node{
		{name: "MaxItems", text: "100"}, {name: "Quantity", text: strconv.Itoa(len(items.children))}, items,
	}}, "")
}

// keyValueStoreRules are CloudFront KeyValueStore.
type keyValueStoreRules struct{ stores *keyValueStores }

// keyValueStoreRoutes are https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations_Amazon_CloudFront_KeyValueStore.html.
var keyValueStoreRoutes = []restRoute{
	{"GET", "/key-value-stores/{!}", "DescribeKeyValueStore"},
	{"GET", "/key-value-stores/{!}/keys", "ListKeys"},
	{"POST", "/key-value-stores/{!}/keys", "UpdateKeys"},
	{"GET", "/key-value-stores/{!}/keys/{}", "GetKey"},
	{"PUT", "/key-value-stores/{!}/keys/{}", "PutKey"},
	{"DELETE", "/key-value-stores/{!}/keys/{}", "DeleteKey"},
}

func (k *keyValueStoreRules) reset() { k.stores.reset() }

func (k *keyValueStoreRules) rule(operation string) rule {
	serve := map[string]func(x *exchange, store *keyValueStore, key string) *answer{
		"DescribeKeyValueStore": k.describe, "GetKey": k.get, "PutKey": k.put, "DeleteKey": k.remove,
	}[operation]
	return func(_ context.Context, x *exchange) (*answer, error) {
		if serve == nil {
			return x.fail(http.StatusNotImplemented, "NotImplemented", "the emulator does not serve "+x.Service+" "+x.Operation), nil
		}
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-kvp.html: SigV4A only
		if !strings.HasPrefix(x.request.Header.Get("Authorization"), "AWS4-ECDSA-P256-SHA256 ") {
			return x.fail(http.StatusForbidden, "AccessDeniedException", "The request must be signed with SigV4A."), nil
		}
		k.stores.mu.Lock()
		defer k.stores.mu.Unlock()
		store := k.stores.byARN(x.Resource)
		if store == nil {
			return x.fail(http.StatusNotFound, "ResourceNotFoundException", "The key value store does not exist."), nil
		}
		parts := strings.Split(x.request.URL.EscapedPath(), "/")
		return serve(x, store, unescape(parts[len(parts)-1])), nil
	}
}

// keysAnswer is JSON with the version of the keys.
func keysAnswer(store *keyValueStore, versioned bool, members map[string]any) *answer {
	members["ItemCount"], members["TotalSizeInBytes"] = len(store.keys), store.size()
	body, _ := json.Marshal(members) // our own types can be encoded
	header := http.Header{"Content-Type": {"application/json"}, "X-Amzn-Requestid": {requestID}}
	if versioned {
		header.Set("Etag", store.etag("keys", store.keysGeneration))
	}
	return &answer{status: http.StatusOK, header: header, body: bytes.TrimSpace(body)}
}

func (k *keyValueStoreRules) describe(_ *exchange, store *keyValueStore, _ string) *answer {
	return keysAnswer(store, true, map[string]any{
		"KvsARN": store.arn, "Status": "READY", "Created": store.created.Unix(), "LastModified": store.changed.Unix(),
	})
}

func (k *keyValueStoreRules) get(x *exchange, store *keyValueStore, key string) *answer {
	value, ok := store.keys[key]
	if !ok {
		return x.fail(http.StatusNotFound, "ResourceNotFoundException", "The key does not exist.")
	}
	return keysAnswer(store, false, map[string]any{"Key": key, "Value": value})
}

// unmatchedKeys refuses a change of another version than the current one.
func (k *keyValueStoreRules) unmatchedKeys(x *exchange, store *keyValueStore) *answer {
	switch x.request.Header.Get("If-Match") {
	case store.etag("keys", store.keysGeneration):
		return nil
	case "":
		return x.fail(http.StatusBadRequest, "ValidationException", "If-Match is missing.")
	}
	return x.fail(http.StatusConflict, "ConflictException", "Resource is not in expected state.")
}

// put is https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_kvs_PutKey.html, with the sizes of
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-keyvaluestores.
func (k *keyValueStoreRules) put(x *exchange, store *keyValueStore, key string) *answer {
	var asked struct{ Value *string }
	switch err := json.Unmarshal(x.body, &asked); {
	case err != nil || asked.Value == nil:
		return x.fail(http.StatusBadRequest, "ValidationException", "The value is missing.")
	case len(key) > 512 || len(*asked.Value) > 1024:
		return x.fail(http.StatusBadRequest, "ValidationException", "The key or the value is too large.")
	}
	if refused := k.unmatchedKeys(x, store); refused != nil {
		return refused
	}
	store.keys[key] = *asked.Value
	store.changed, store.keysGeneration = x.At, store.keysGeneration+1
	return keysAnswer(store, true, map[string]any{})
}

func (k *keyValueStoreRules) remove(x *exchange, store *keyValueStore, key string) *answer {
	if _, ok := store.keys[key]; !ok {
		return x.fail(http.StatusNotFound, "ResourceNotFoundException", "The key does not exist.")
	}
	if refused := k.unmatchedKeys(x, store); refused != nil {
		return refused
	}
	delete(store.keys, key)
	store.changed, store.keysGeneration = x.At, store.keysGeneration+1
	return keysAnswer(store, true, map[string]any{})
}
