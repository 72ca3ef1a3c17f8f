package proof

import (
	"crypto/md5" //nolint:gosec // it is what S3 does
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// memoryBucket is a versioned bucket: what was written stays, whatever is written over it.
type memoryBucket struct{ keys map[string][]memoryVersion }

type memoryVersion struct {
	id, content string
	marker      bool
	at          time.Time
}

// put makes content the current version of key.
func (m *memoryAWS) put(bucket, key, content string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.write(bucket, key, memoryVersion{content: content})
}

// erase puts a delete marker over key.
func (m *memoryAWS) erase(bucket, key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.write(bucket, key, memoryVersion{marker: true})
}

func (m *memoryAWS) write(bucket, key string, version memoryVersion) memoryVersion {
	if m.buckets[bucket] == nil {
		m.buckets[bucket] = &memoryBucket{keys: map[string][]memoryVersion{}}
	}
	version.id, version.at = m.name("v"), time.Now()
	m.buckets[bucket].keys[key] = append(m.buckets[bucket].keys[key], version)
	return version
}

// objects is what a reader of the bucket finds: content by key.
func (m *memoryAWS) objects(bucket string) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]string{}
	for key, versions := range m.buckets[bucket].keys {
		if last := versions[len(versions)-1]; !last.marker {
			found[key] = last.content
		}
	}
	return found
}

// every is each version that there is, with its content.
func (m *memoryAWS) every(bucket string) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]string{}
	for key, versions := range m.buckets[bucket].keys {
		for _, version := range versions {
			if !version.marker {
				found[key+" "+version.id] = version.content
			}
		}
	}
	return found
}

// ruin takes the oldest version of each object away.
func (m *memoryAWS) ruin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, bucket := range m.buckets {
		for key := range bucket.keys {
			bucket.keys[key] = bucket.keys[key][1:]
		}
	}
}

func (v memoryVersion) etag() string {
	sum := md5.Sum([]byte(v.content)) //nolint:gosec // as above
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (m *memoryAWS) s3(r *http.Request, parts []string, body []byte) reply {
	bucket, query := m.buckets[parts[0]], r.URL.Query()
	if bucket == nil {
		return reply{status: http.StatusNotFound, body: "<Error><Code>NoSuchBucket</Code></Error>"}
	}
	key, _ := url.PathUnescape(strings.Join(parts[1:], "/"))
	switch {
	case query.Has("versioning"):
		return ok("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	case query.Has("encryption"):
		return ok("<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>")
	case query.Has("lifecycle"):
		return reply{status: http.StatusNotFound, body: "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>"}
	case query.Has("versions"):
		return ok(bucket.list(query.Get("prefix")))
	case query.Has("delete"):
		return m.deleteObjects(parts[0], body)
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return m.copyObject(parts[0], key, r.Header.Get("X-Amz-Copy-Source"))
	}
	for _, version := range bucket.keys[key] {
		if version.id == query.Get("versionId") && !version.marker {
			return reply{status: http.StatusOK, body: version.content, header: map[string]string{
				"ETag": version.etag(), "Content-Length": strconv.Itoa(len(version.content)), "x-amz-version-id": version.id, "x-amz-server-side-encryption": "AES256",
				"Last-Modified": version.at.UTC().Format(http.TimeFormat),
			}}
		}
	}
	return reply{status: http.StatusNotFound, body: "<Error><Code>NoSuchKey</Code></Error>"}
}

// list is https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html, on one page.
func (b *memoryBucket) list(prefix string) string {
	var out strings.Builder
	out.WriteString("<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>")
	for _, key := range slices.Sorted(maps.Keys(b.keys)) {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		for i, version := range slices.Backward(b.keys[key]) {
			kind, more := "Version", fmt.Sprintf("<ETag>%s</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass>", escaped(version.etag()), len(version.content))
			if version.marker {
				kind, more = "DeleteMarker", ""
			}
			fmt.Fprintf(&out, "<%s><Key>%s</Key><VersionId>%s</VersionId><IsLatest>%t</IsLatest><LastModified>%s</LastModified>%s</%s>", kind, url.QueryEscape(key), version.id,
				i == len(b.keys[key])-1, version.at.UTC().Format("2006-01-02T15:04:05Z"), more, kind)
		}
	}
	return out.String() + "</ListVersionsResult>"
}

// copyObject is https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html, where an error may come with status 200.
func (m *memoryAWS) copyObject(bucket, key, source string) reply {
	from, query, _ := strings.Cut(source, "?versionId=")
	from, _ = url.PathUnescape(strings.TrimPrefix(from, "/"))
	_, name, _ := strings.Cut(from, "/")
	i := slices.IndexFunc(m.buckets[bucket].keys[name], func(v memoryVersion) bool { return v.id == query && !v.marker })
	if i < 0 {
		return reply{status: http.StatusNotFound, body: "<Error><Code>NoSuchVersion</Code></Error>"}
	}
	if m.partly != nil && m.partly(key) {
		return ok("<Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>")
	}
	version := memoryVersion{content: m.buckets[bucket].keys[name][i].content}
	if m.lost("s3", "CopyObject") {
		version.id = m.name("v")
	} else {
		version = m.write(bucket, key, version)
	}
	return reply{status: http.StatusOK, header: map[string]string{"x-amz-version-id": version.id}, body: "<CopyObjectResult><ETag>" + escaped(version.etag()) + "</ETag></CopyObjectResult>"}
}

// deleteObjects is https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html: some may be done and others not.
func (m *memoryAWS) deleteObjects(bucket string, body []byte) reply {
	var asked struct {
		Objects []struct{ Key, VersionId string } `xml:"Object"` //nolint:revive // AWS's name
	}
	_ = xml.Unmarshal(body, &asked) // the SDK wrote it
	var out strings.Builder
	for _, each := range asked.Objects {
		switch {
		case m.partly != nil && m.partly(each.Key):
			fmt.Fprintf(&out, "<Error><Key>%s</Key><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>", escaped(each.Key))
			continue
		case m.lost("s3", "DeleteObjects"):
		case each.VersionId == "":
			m.write(bucket, each.Key, memoryVersion{marker: true})
		default:
			m.buckets[bucket].keys[each.Key] = slices.DeleteFunc(m.buckets[bucket].keys[each.Key], func(v memoryVersion) bool { return v.id == each.VersionId })
		}
		fmt.Fprintf(&out, "<Deleted><Key>%s</Key></Deleted>", escaped(each.Key))
	}
	return ok("<DeleteResult>" + out.String() + "</DeleteResult>")
}

// memoryParameter has all of its versions.
type memoryParameter struct{ values []string }

func (m *memoryAWS) setParameter(name, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.parameter[name] == nil {
		m.parameter[name] = &memoryParameter{}
	}
	m.parameter[name].values = append(m.parameter[name].values, value)
}

func (m *memoryAWS) parameterValues(name string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.parameter[name].values)
}

func (m *memoryAWS) ssm(target string, body []byte) reply {
	var asked struct {
		Name, Value      string
		ParameterFilters []struct{ Values []string }
	}
	_ = json.Unmarshal(body, &asked) // the SDK wrote it
	name, selector, selected := strings.Cut(asked.Name, ":")
	if len(asked.ParameterFilters) > 0 {
		name = asked.ParameterFilters[0].Values[0]
	}
	p := m.parameter[name]
	if p == nil {
		return refusal(http.StatusBadRequest, "ParameterNotFound")
	}
	version := len(p.values)
	switch _, operation, _ := strings.Cut(target, "."); operation {
	case "GetParameter":
		if selected {
			version, _ = strconv.Atoi(selector)
		}
		if version < 1 || version > len(p.values) {
			return refusal(http.StatusBadRequest, "ParameterVersionNotFound")
		}
		return ok(map[string]any{"Parameter": map[string]any{"Name": name, "Type": "String", "Value": p.values[version-1], "Version": version, "DataType": "text"}})
	case "DescribeParameters":
		return ok(map[string]any{"Parameters": []any{map[string]any{"Name": name, "Type": "String", "Version": version, "Tier": "Standard", "DataType": "text"}}})
	case "PutParameter":
		if !m.lost("ssm", "PutParameter") {
			p.values = append(p.values, asked.Value)
		}
		return ok(map[string]any{"Version": version + 1, "Tier": "Standard"})
	}
	return refusal(http.StatusNotImplemented, "NotImplemented")
}
