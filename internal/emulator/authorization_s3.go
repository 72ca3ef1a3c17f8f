package emulator

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// s3Actions are the operations whose action has another name; {bucket} on the bucket, the others on the object:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
var s3BucketActions = map[string]string{
	"HeadBucket": "s3:ListBucket", "ListObjects": "s3:ListBucket", "ListObjectsV2": "s3:ListBucket", "ListObjectVersions": "s3:ListBucketVersions",
	"ListMultipartUploads": "s3:ListBucketMultipartUploads", "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
	"GetBucketEncryption": "s3:GetEncryptionConfiguration", "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock", "GetBucketCors": "s3:GetBucketCORS",
	"GetBucketReplication": "s3:GetReplicationConfiguration", "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
	"GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration", "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
}

// s3Permissions are what a call to S3 or S3 Control needs.
func (x *exchange) s3Permissions() []Permission {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(x.request.URL.Path, "/"), "/")
	object, version := bucket+"|"+key, x.request.URL.Query().Get("versionId")
	versioned := func(action string) string {
		if version != "" {
			return action + "Version"
		}
		return action
	}
	switch x.Operation {
	case "ListBuckets":
		return []Permission{{Action: "s3:ListAllMyBuckets", Resource: "*", Template: "*"}}
	case "CreateJob":
		return append([]Permission{{Action: "s3:CreateJob", Resource: "*", Template: "*"}}, x.jobRole()...)
	case "DescribeJob", "UpdateJobStatus":
		return []Permission{arnS3Job.permission(x, "s3:"+x.Operation, x.Resource)}
	case "DeleteObjects":
		return x.s3Deletes(bucket)
	case "GetObject", "HeadObject":
		return []Permission{arnS3Object.permission(x, versioned("s3:GetObject"), object)}
	case "GetObjectTagging":
		action := "s3:GetObjectTagging"
		if version != "" {
			action = "s3:GetObjectVersionTagging"
		}
		return []Permission{arnS3Object.permission(x, action, object)}
	case "DeleteObject":
		all := []Permission{arnS3Object.permission(x, versioned("s3:DeleteObject"), object)}
		if x.request.Header.Get("X-Amz-Bypass-Governance-Retention") == "true" {
			all = append(all, arnS3Object.permission(x, "s3:BypassGovernanceRetention", object))
		}
		return all
	case "AbortMultipartUpload":
		return []Permission{arnS3Object.permission(x, "s3:AbortMultipartUpload", object)}
	case "PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload":
		return x.s3Writes(object)
	}
	action := "s3:" + x.Operation
	if other, ok := s3BucketActions[x.Operation]; ok {
		action = other
	}
	if key == "" || strings.Contains(x.Operation, "Bucket") {
		return []Permission{arnS3Bucket.permission(x, action, bucket)}
	}
	return []Permission{arnS3Object.permission(x, action, object)}
}

// s3Writes are what a write of an object needs: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html, "Permissions", and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
func (x *exchange) s3Writes(object string) []Permission {
	header := x.request.Header
	all := []Permission{arnS3Object.permission(x, "s3:PutObject", object)}
	tagged := header.Get("X-Amz-Tagging") != ""
	if source := header.Get("X-Amz-Copy-Source"); source != "" {
		path, query, _ := strings.Cut(strings.TrimPrefix(source, "/"), "?")
		if plain, err := url.PathUnescape(path); err == nil {
			path = plain
		}
		from, key, _ := strings.Cut(path, "/")
		read, tags := "s3:GetObject", "s3:GetObjectTagging"
		if strings.HasPrefix(query, "versionId=") {
			read, tags = "s3:GetObjectVersion", "s3:GetObjectVersionTagging"
		}
		all = append(all, arnS3Object.permission(x, read, from+"|"+key))
		if key := x.keyOf(source); key != "" {
			all = append(all, arnKmsKey.permission(x, "kms:Decrypt", key))
		}
		if x.Operation == "CopyObject" && header.Get("X-Amz-Tagging-Directive") != "REPLACE" {
			all, tagged = append(all, arnS3Object.permission(x, tags, from+"|"+key)), true
		}
	}
	if tagged {
		all = append(all, arnS3Object.permission(x, "s3:PutObjectTagging", object))
	}
	if header.Get("X-Amz-Object-Lock-Mode") != "" {
		all = append(all, arnS3Object.permission(x, "s3:PutObjectRetention", object))
	}
	if header.Get("X-Amz-Object-Lock-Legal-Hold") != "" {
		all = append(all, arnS3Object.permission(x, "s3:PutObjectLegalHold", object))
	}
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html: a data key to write, and to decrypt it for each part.
	if header.Get("X-Amz-Server-Side-Encryption") == "aws:kms" {
		key := header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
		all = append(all, arnKmsKey.permission(x, "kms:GenerateDataKey", key))
		if x.Operation == "CreateMultipartUpload" {
			all = append(all, arnKmsKey.permission(x, "kms:Decrypt", key))
		}
	}
	return all
}

// keyOf asks moto for the KMS key of an object that is copied; empty where it is under none.
func (x *exchange) keyOf(source string) string {
	out, err := http.NewRequestWithContext(x.request.Context(), http.MethodHead, "http://"+x.moto+"/"+strings.TrimPrefix(source, "/"), http.NoBody)
	if err != nil {
		return ""
	}
	out.Header.Set("Authorization", scopedAuthorization(x.Region, "s3"))
	response, err := plainTransport.RoundTrip(out)
	if err != nil {
		return ""
	}
	_ = response.Body.Close()
	if response.Header.Get("X-Amz-Server-Side-Encryption") != "aws:kms" {
		return ""
	}
	return response.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
}

// s3Deletes are what each deletion of a DeleteObjects needs. AWS refuses single keys; here all of the call are refused.
func (x *exchange) s3Deletes(bucket string) []Permission {
	body, err := io.ReadAll(io.LimitReader(x.request.Body, maxBody))
	if err != nil {
		return nil
	}
	x.request.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct {
		Object []struct{ Key, VersionId string } //nolint:revive // as in the document
	}
	if xml.Unmarshal(body, &sent) != nil {
		return nil
	}
	var all []Permission
	for _, object := range sent.Object {
		action := "s3:DeleteObject"
		if object.VersionId != "" {
			action = "s3:DeleteObjectVersion"
		}
		all = append(all, arnS3Object.permission(x, action, bucket+"|"+object.Key))
	}
	if x.request.Header.Get("X-Amz-Bypass-Governance-Retention") == "true" {
		for _, one := range slices.Clone(all) {
			one.Action = "s3:BypassGovernanceRetention"
			all = append(all, one)
		}
	}
	return all
}

// jobRole is the role that a job of S3 Batch Operations acts as.
func (x *exchange) jobRole() []Permission {
	body, err := io.ReadAll(io.LimitReader(x.request.Body, maxBody))
	if err != nil {
		return nil
	}
	x.request.Body = io.NopCloser(bytes.NewReader(body))
	role := element(body, "RoleArn")
	if role == "" {
		return nil
	}
	passed := arnIamRole.permission(x, "iam:PassRole", role)
	passed.Context = map[string][]string{"iam:PassedToService": {"batchoperations.s3.amazonaws.com"}}
	return []Permission{passed}
}

// changedRecords reads the names, types and actions of a change batch, as Route 53 normalizes names for conditions.
func changedRecords(body []byte) (names, types, actions []string) {
	var sent struct {
		Changes []struct {
			Action string
			Record struct{ Name, Type string } `xml:"ResourceRecordSet"`
		} `xml:"ChangeBatch>Changes>Change"`
	}
	if xml.Unmarshal(body, &sent) != nil {
		return nil, nil, nil
	}
	for _, change := range sent.Changes {
		names = append(names, strings.TrimSuffix(strings.ToLower(change.Record.Name), "."))
		types, actions = append(types, change.Record.Type), append(actions, change.Action)
	}
	for _, list := range []*[]string{&names, &types, &actions} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return names, types, actions
}

// scheduledRole is the role in the target of a schedule.
func scheduledRole(body []byte) string {
	var sent struct{ Target struct{ RoleArn string } }
	if json.Unmarshal(body, &sent) != nil {
		return ""
	}
	return sent.Target.RoleArn
}

// deniesDeletes words the refusal of a DeleteObjects, which succeeds as a call and lists what it did not delete:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func (x *exchange) deniesDeletes(message string) *answer {
	type failed struct{ Key, VersionId, Code, Message string } //nolint:revive // as in the document
	body, err := io.ReadAll(io.LimitReader(x.request.Body, maxBody))
	if err != nil {
		return nil
	}
	var sent struct {
		Object []struct{ Key, VersionId string } //nolint:revive // as in the document
	}
	if xml.Unmarshal(body, &sent) != nil {
		return nil
	}
	var told struct{ Error []failed }
	for _, object := range sent.Object {
		told.Error = append(told.Error, failed{object.Key, object.VersionId, "AccessDenied", message})
	}
	reply := xmlAnswer("DeleteResult", told)
	reply.status = http.StatusOK
	return reply
}
