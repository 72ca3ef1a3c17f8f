package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// restRoute names an operation of a REST service. In the pattern {} is one part of the path, and {!} the part that names
// the resource; behind a question mark stands what the query must hold.
type restRoute struct {
	method, pattern, operation string
}

// restRoutes are the routes of the services whose operations matter here, from their API references.
var restRoutes = map[string][]restRoute{
	"lambda":                   lambdaRoutes,
	"route53":                  route53Routes,
	"cloudfront":               cloudfrontRoutes,
	"cloudfront-keyvaluestore": keyValueStoreRoutes,
	"apigateway":               apigatewayRoutes,
	"scheduler":                schedulerRoutes,
}

// route returns the operation and the resource of a REST call. An operation that no table has is "METHOD /path".
func route(service string, r *http.Request) (operation, resource string) {
	if service == "s3" {
		return routeS3(r)
	}
	parts := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for _, candidate := range restRoutes[service] {
		pattern, query, _ := strings.Cut(candidate.pattern, "?")
		if candidate.method != r.Method || !holds(r.URL.Query(), query) {
			continue
		}
		if resource, ok := match(strings.Split(strings.Trim(pattern, "/"), "/"), parts); ok {
			return candidate.operation, resource
		}
	}
	return r.Method + " " + r.URL.Path, ""
}

func holds(query url.Values, want string) bool {
	name, value, valued := strings.Cut(want, "=")
	return want == "" || (query.Has(name) && (!valued || query.Get(name) == value))
}

func match(pattern, parts []string) (resource string, ok bool) {
	for i, want := range pattern {
		if i >= len(parts) {
			return "", false
		}
		switch want {
		case "{!}":
			resource = unescape(parts[i])
		case "{}":
		default:
			if want != parts[i] {
				return "", false
			}
		}
	}
	return resource, len(pattern) == len(parts)
}

func unescape(part string) string {
	if plain, err := url.PathUnescape(part); err == nil {
		return plain
	}
	return part
}

// s3Subresources name an operation by a key in the query: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html.
var s3Subresources = []struct{ key, name string }{
	{"versioning", "BucketVersioning"},
	{"website", "BucketWebsite"},
	{"policy", "BucketPolicy"},
	{"policyStatus", "BucketPolicyStatus"},
	{"acl", "Acl"},
	{"cors", "BucketCors"},
	{"lifecycle", "BucketLifecycleConfiguration"},
	{"encryption", "BucketEncryption"},
	{"publicAccessBlock", "PublicAccessBlock"},
	{"ownershipControls", "BucketOwnershipControls"},
	{"location", "BucketLocation"},
	{"logging", "BucketLogging"},
	{"notification", "BucketNotificationConfiguration"},
	{"replication", "BucketReplication"},
	{"requestPayment", "BucketRequestPayment"},
	{"accelerate", "BucketAccelerateConfiguration"},
	{"object-lock", "ObjectLockConfiguration"},
	{"tagging", "Tagging"},
	{"retention", "ObjectRetention"},
	{"legal-hold", "ObjectLegalHold"},
	{"attributes", "ObjectAttributes"},
}

var s3Verbs = map[string]string{http.MethodGet: "Get", http.MethodHead: "Head", http.MethodPut: "Put", http.MethodDelete: "Delete", http.MethodPost: "Post"}

// routeS3 names an S3 call with the bucket in its path; the resource is "bucket" or "bucket/key".
func routeS3(r *http.Request) (operation, resource string) {
	query := r.URL.Query()
	resource = strings.TrimPrefix(r.URL.Path, "/")
	bucket, key, _ := strings.Cut(resource, "/")
	resource = strings.TrimSuffix(resource, "/")
	if strings.HasPrefix(r.URL.Path, s3Control) {
		return routeS3Control(r)
	}
	verb := s3Verbs[r.Method]
	if bucket == "" {
		return "ListBuckets", ""
	}
	i := slices.IndexFunc(s3Subresources, func(sub struct{ key, name string }) bool { return query.Has(sub.key) })
	switch {
	case i >= 0 && (s3Subresources[i].key == "tagging" || s3Subresources[i].key == "acl"):
		if key == "" {
			return verb + "Bucket" + s3Subresources[i].name, resource
		}
		return verb + "Object" + s3Subresources[i].name, resource
	case i >= 0:
		return verb + s3Subresources[i].name, resource
	case key == "":
		return bucketOperation(r.Method, query), resource
	}
	return objectOperation(r, query), resource
}

// s3Control begins the paths of S3 Control, whose requests are signed for S3.
const s3Control = "/v20180820/"

// routeS3Control names an S3 Control call; the resource is the job.
func routeS3Control(r *http.Request) (operation, resource string) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, s3Control), "/")
	switch {
	case parts[0] != "jobs":
	case len(parts) == 1 && r.Method == http.MethodPost:
		return "CreateJob", ""
	case len(parts) == 2 && r.Method == http.MethodGet:
		return "DescribeJob", parts[1]
	case len(parts) == 3 && parts[2] == "status" && r.Method == http.MethodPost:
		return "UpdateJobStatus", parts[1]
	}
	return r.Method + " " + r.URL.Path, ""
}

func bucketOperation(method string, query url.Values) string {
	switch method {
	case http.MethodPut:
		return "CreateBucket"
	case http.MethodDelete:
		return "DeleteBucket"
	case http.MethodHead:
		return "HeadBucket"
	case http.MethodPost:
		if query.Has("delete") {
			return "DeleteObjects"
		}
		return "PostObject"
	}
	switch {
	case query.Has("versions"):
		return "ListObjectVersions"
	case query.Has("uploads"):
		return "ListMultipartUploads"
	case query.Get("list-type") == "2":
		return "ListObjectsV2"
	}
	return "ListObjects"
}

func objectOperation(r *http.Request, query url.Values) string {
	copied := r.Header.Get("X-Amz-Copy-Source") != ""
	switch r.Method {
	case http.MethodGet:
		if query.Has("uploadId") {
			return "ListParts"
		}
		return "GetObject"
	case http.MethodHead:
		return "HeadObject"
	case http.MethodDelete:
		if query.Has("uploadId") {
			return "AbortMultipartUpload"
		}
		return "DeleteObject"
	case http.MethodPost:
		switch {
		case query.Has("uploads"):
			return "CreateMultipartUpload"
		case query.Has("uploadId"):
			return "CompleteMultipartUpload"
		case query.Has("restore"):
			return "RestoreObject"
		}
		return "SelectObjectContent"
	}
	switch {
	case query.Has("partNumber") && copied:
		return "UploadPartCopy"
	case query.Has("partNumber"):
		return "UploadPart"
	case copied:
		return "CopyObject"
	}
	return "PutObject"
}
