package emulator

import (
	"context"
	"crypto/md5" //nolint:gosec // what S3 puts into reports
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// put asks moto's S3 to write something on the way.
func (x *exchange) put(ctx context.Context, path string, header http.Header, body []byte) (*answer, error) {
	out, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+x.moto+path, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	maps.Copy(out.Header, header)
	out.Header.Set("Authorization", scopedAuthorization(x.Region, x.Service))
	return x.send(out)
}

// writeReport is https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html
func (j *s3Job) writeReport(ctx context.Context, x *exchange) error {
	if !j.request.Report.Enabled {
		return nil
	}
	bucket, folder := strings.TrimPrefix(j.request.Report.Bucket, bucketARN), strings.TrimSuffix(j.request.Report.Prefix, "/")+"/job-"+j.id
	type result struct{ TaskExecutionStatus, Bucket, MD5Checksum, Key string }
	var results []result
	for _, status := range []string{"succeeded", "failed"} {
		var rows strings.Builder
		writer := csv.NewWriter(&rows)
		for _, row := range j.report {
			if row[3] == status {
				if err := writer.Write(row); err != nil {
					return err
				}
			}
		}
		writer.Flush()
		if rows.Len() == 0 {
			continue
		}
		sum := md5.Sum([]byte(rows.String())) //nolint:gosec // what S3 puts into reports
		key := folder + "/results/" + hex.EncodeToString(sum[:]) + ".csv"
		if reply, err := x.put(ctx, "/"+bucket+"/"+key, nil, []byte(rows.String())); err != nil || reply.status != http.StatusOK {
			return errors.Join(err, fmt.Errorf("write the report of job %s", j.id))
		}
		results = append(results, result{status, bucket, hex.EncodeToString(sum[:]), key})
	}
	index, err := json.Marshal(map[string]any{
		"Format": j.request.Report.Format, "ReportCreationDate": time.Now().UTC().Format(time.RFC3339Nano), "Results": results,
		"ReportSchema": "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage",
	})
	if err != nil {
		return err
	}
	reply, err := x.put(ctx, "/"+bucket+"/"+folder+"/manifest.json", nil, index)
	if err == nil && reply.status != http.StatusOK {
		err = fmt.Errorf("write the report of job %s: status %d", j.id, reply.status)
	}
	return err
}
