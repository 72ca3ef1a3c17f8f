package emulator

import (
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// s3Rules serve S3 Batch Operations, which moto lacks, as far as jobs that copy objects go. A job is worked on while it is
// asked about: first it is being prepared, then each answer copies tasksPerAsk objects.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateJob.html
type s3Rules struct {
	mu   sync.Mutex
	jobs map[string]*s3Job // by id
}

const tasksPerAsk = 500

// s3Job is a job as it was asked for, and how far it is.
type s3Job struct {
	id, account, token string
	request            s3JobRequest
	status             string
	created, ended     time.Time
	reasonCode, reason string
	rows               [][]string // of the manifest
	done, failed       int
	report             [][]string
}

type s3JobRequest struct {
	XMLName            xml.Name `xml:"CreateJobRequest"`
	ClientRequestToken string   `xml:"ClientRequestToken"`
	Priority           string   `xml:"Priority"`
	RoleArn            string   `xml:"RoleArn"`
	Description        string   `xml:"Description"`
	Confirmation       bool     `xml:"ConfirmationRequired"`
	Copy               *struct {
		TargetResource    string `xml:"TargetResource"`
		MetadataDirective string `xml:"MetadataDirective"`
		StorageClass      string `xml:"StorageClass"`
	} `xml:"Operation>S3PutObjectCopy"`
	Format   string   `xml:"Manifest>Spec>Format"`
	Fields   []string `xml:"Manifest>Spec>Fields>member"`
	Location struct {
		ObjectArn string `xml:"ObjectArn"`
		ETag      string `xml:"ETag"`
	} `xml:"Manifest>Location"`
	Report struct {
		Bucket  string `xml:"Bucket"`
		Enabled bool   `xml:"Enabled"`
		Format  string `xml:"Format"`
		Prefix  string `xml:"Prefix"`
		Scope   string `xml:"ReportScope"`
	} `xml:"Report"`
}

func newS3Rules() *s3Rules {
	return &s3Rules{jobs: map[string]*s3Job{}}
}

func (r *s3Rules) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs = map[string]*s3Job{}
}

func (r *s3Rules) rule(operation string) rule {
	switch operation {
	case "CreateJob":
		return r.create
	case "DescribeJob":
		return r.describe
	case "UpdateJobStatus":
		return r.update
	}
	if readsBucket(operation) {
		return elsewhere
	}
	return nil
}

const bucketARN = "arn:aws:s3:::"

// create refuses what is refused before a job is made.
func (r *s3Rules) create(_ context.Context, x *exchange) (*answer, error) {
	job := &s3Job{account: x.request.Header.Get("X-Amz-Account-Id"), status: "New", created: time.Now().UTC().Truncate(time.Millisecond)}
	if err := xml.Unmarshal(x.body, &job.request); err != nil {
		return x.fail(http.StatusBadRequest, "MalformedXML", err.Error()), nil
	}
	job.token = job.request.ClientRequestToken
	ask := job.request
	refuse := func(text string) (*answer, error) { return x.fail(http.StatusBadRequest, "InvalidRequest", text), nil }
	switch {
	case job.account != AccountID:
		return x.fail(http.StatusForbidden, "AccessDenied", "Access Denied"), nil
	case ask.Copy == nil:
		return x.fail(http.StatusNotImplemented, "NotImplemented", "the emulator serves S3PutObjectCopy only"), nil
	case job.token == "" || ask.Priority == "":
		return refuse("ClientRequestToken and Priority are required")
	case !strings.HasPrefix(ask.RoleArn, "arn:aws:iam::"+AccountID+":role/"):
		return refuse("Invalid role ARN")
	case ask.Format != "S3BatchOperations_CSV_20180820" || strings.Join(ask.Fields, ",") != "Bucket,Key,VersionId" && strings.Join(ask.Fields, ",") != "Bucket,Key":
		return refuse("Invalid manifest format or fields")
	case !strings.HasPrefix(ask.Location.ObjectArn, bucketARN) || ask.Location.ETag == "" || strings.Contains(ask.Location.ETag, `"`):
		return refuse("Invalid manifest location")
	case !strings.HasPrefix(ask.Copy.TargetResource, bucketARN):
		return refuse("Invalid target resource")
	case ask.Report.Enabled && (!strings.HasPrefix(ask.Report.Bucket, bucketARN) || ask.Report.Format != "Report_CSV_20180820" || ask.Report.Scope == ""):
		return refuse("Invalid report")
	case ask.Confirmation:
		job.status = "Suspended"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, other := range r.jobs {
		if other.token == job.token {
			return createdJob(other), nil
		}
	}
	job.id = fmt.Sprintf("00000000-0000-0000-0000-%012d", len(r.jobs)+1)
	r.jobs[job.id] = job
	return createdJob(job), nil
}

func createdJob(job *s3Job) *answer {
	return xmlAnswer("CreateJobResult", struct {
		ID string `xml:"JobId"`
	}{job.id})
}

func (r *s3Rules) find(x *exchange) (*s3Job, *answer) {
	job := r.jobs[x.Resource]
	if job == nil || x.request.Header.Get("X-Amz-Account-Id") != job.account {
		return nil, x.fail(http.StatusNotFound, "NoSuchJob", "The specified job does not exist")
	}
	return job, nil
}

// describe is https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_DescribeJob.html
func (r *s3Rules) describe(ctx context.Context, x *exchange) (*answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	job, refused := r.find(x)
	if refused != nil {
		return refused, nil
	}
	if err := job.advance(ctx, x); err != nil {
		return nil, err
	}
	type failure struct {
		Code   string `xml:"FailureCode"`
		Reason string `xml:"FailureReason"`
	}
	out := struct {
		ID        string    `xml:"Job>JobId"`
		ARN       string    `xml:"Job>JobArn"`
		Status    string    `xml:"Job>Status"`
		Role      string    `xml:"Job>RoleArn"`
		Total     int       `xml:"Job>ProgressSummary>TotalNumberOfTasks"`
		Succeeded int       `xml:"Job>ProgressSummary>NumberOfTasksSucceeded"`
		Failed    int       `xml:"Job>ProgressSummary>NumberOfTasksFailed"`
		Created   string    `xml:"Job>CreationTime"`
		Ended     string    `xml:"Job>TerminationDate,omitempty"`
		Reasons   []failure `xml:"Job>FailureReasons>member"`
	}{
		ID: job.id, ARN: fmt.Sprintf("arn:aws:s3:%s:%s:job/%s", x.Region, job.account, job.id), Status: job.status, Role: job.request.RoleArn,
		Total: len(job.rows), Succeeded: job.done - job.failed, Failed: job.failed, Created: job.created.Format(time.RFC3339Nano),
	}
	if !job.ended.IsZero() {
		out.Ended = job.ended.Format(time.RFC3339Nano)
	}
	if job.reason != "" {
		out.Reasons = []failure{{job.reasonCode, job.reason}}
	}
	return xmlAnswer("DescribeJobResult", out), nil
}

// update is https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_UpdateJobStatus.html
func (r *s3Rules) update(_ context.Context, x *exchange) (*answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	job, refused := r.find(x)
	if refused != nil {
		return refused, nil
	}
	wanted := x.request.URL.Query().Get("requestedJobStatus")
	switch {
	case wanted == "Cancelled" && job.ended.IsZero():
		job.end("Cancelled")
	case wanted == "Ready" && job.status == "Suspended":
		job.status = "Ready"
	default:
		return x.fail(http.StatusBadRequest, "JobStatusException", "The job is "+job.status), nil
	}
	return xmlAnswer("UpdateJobStatusResult", struct {
		ID     string `xml:"JobId"`
		Status string `xml:"Status"`
	}{job.id, job.status}), nil
}

func (j *s3Job) end(status string) { j.status, j.ended = status, time.Now().UTC() }

func (j *s3Job) fail(code, reason string) {
	j.reasonCode, j.reason = code, reason
	j.end("Failed")
}

// advance takes a job one step further.
func (j *s3Job) advance(ctx context.Context, x *exchange) error {
	switch j.status {
	case "New":
		j.status = "Preparing"
	case "Preparing", "Ready":
		reason, err := j.readManifest(ctx, x)
		if err != nil {
			return err
		}
		if reason != "" {
			j.fail("ManifestValidationFailed", reason)
			return nil
		}
		j.status = "Active"
	case "Active":
		return j.work(ctx, x)
	}
	return nil
}

// readManifest returns why the manifest is not taken.
func (j *s3Job) readManifest(ctx context.Context, x *exchange) (reason string, err error) {
	where := strings.TrimPrefix(j.request.Location.ObjectArn, bucketARN)
	reply, err := x.ask(ctx, "/"+where)
	if err != nil {
		return "", err
	}
	if reply.status != http.StatusOK {
		return "the manifest cannot be read: " + reply.code, nil
	}
	if strings.Trim(reply.header.Get("Etag"), `"`) != j.request.Location.ETag {
		return "the ETag of the manifest is another one", nil
	}
	rows := csv.NewReader(strings.NewReader(string(reply.body)))
	rows.FieldsPerRecord = len(j.request.Fields)
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		if err != nil {
			return err.Error(), nil
		}
		if _, err := url.PathUnescape(row[1]); err != nil {
			return "a key is not URL-encoded: " + row[1], nil
		}
		j.rows = append(j.rows, append(row, "")[:3])
	}
}

// work copies some objects, and ends the job after the last one.
func (j *s3Job) work(ctx context.Context, x *exchange) error {
	for range min(tasksPerAsk, len(j.rows)-j.done) {
		row := j.rows[j.done]
		reply, err := j.copy(ctx, x, row)
		if err != nil {
			return err
		}
		j.done++
		if reply.status >= http.StatusMultipleChoices {
			j.failed++
			j.report = append(j.report, append(row, "failed", reply.code, fmt.Sprint(reply.status), element(reply.body, "Message")))
		} else if j.request.Report.Scope == "AllTasks" {
			j.report = append(j.report, append(row, "succeeded", "", "200", "Successful"))
		}
	}
	if j.done < len(j.rows) {
		return nil
	}
	if err := j.writeReport(ctx, x); err != nil {
		return err
	}
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html#batch-ops-job-status-failure
	if j.done >= 1000 && 2*j.failed > j.done {
		j.fail("JobFailureThresholdExceeded", "more than half of the tasks failed")
		return nil
	}
	j.end("Complete")
	return nil
}

// copy does one task: metadata and tags come with it, the storage class is the job's own.
func (j *s3Job) copy(ctx context.Context, x *exchange, row []string) (*answer, error) {
	target := strings.TrimPrefix(j.request.Copy.TargetResource, bucketARN)
	header := http.Header{"X-Amz-Copy-Source": {row[0] + "/" + row[1] + "?versionId=" + url.QueryEscape(row[2])}, "X-Amz-Metadata-Directive": {"COPY"}}
	if class := j.request.Copy.StorageClass; class != "" {
		header.Set("X-Amz-Storage-Class", class)
	}
	return x.put(ctx, "/"+target+"/"+row[1], header, nil)
}
