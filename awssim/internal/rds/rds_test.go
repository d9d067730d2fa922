package rds_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/kms"
	"github.com/setmend/setmend/awssim/internal/rds"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

const (
	other  = "222233334444"
	region = "eu-central-1"
	away   = "eu-west-1"
)

var (
	databases = rds.New(core.NewWorld(core.Options{}), nil).Service()
	keys      = kms.New(core.NewWorld(core.Options{})).Service()
)

type world struct {
	t *testing.T
	*awssim.AWS
}

// answer is that of a call, whose error code must be code, "" for none.
func (w world) answer(account, region, action, form, code string) string {
	w.t.Helper()
	status, text := sdktest.Send(w.t, w.AWS, databases, account, region, action, form)
	if code == "" && status != 200 || code != "" && !strings.Contains(text, "<Code>"+code+"</Code>") {
		w.t.Fatalf("%s answers %d, want %q: %s", action, status, code, text)
	}
	return text
}

// backedUp is a database with a snapshot called s.
func backedUp(t *testing.T, more string) world {
	w := world{t, sdktest.New(t)}
	w.answer(sdktest.Management, region, "CreateDBInstance", "DBInstanceIdentifier=orders&DBInstanceClass=db.t3.micro&Engine=postgres"+more, "")
	w.answer(sdktest.Management, region, "CreateDBSnapshot", "DBInstanceIdentifier=orders&DBSnapshotIdentifier=s", "InvalidDBInstanceState")
	time.Sleep(10 * time.Minute)
	w.answer(sdktest.Management, region, "CreateDBSnapshot", "DBInstanceIdentifier=orders&DBSnapshotIdentifier=s", "")
	w.answer(sdktest.Management, region, "ModifyDBSnapshotAttribute", "DBSnapshotIdentifier=s&AttributeName=restore&ValuesToAdd.AttributeValue.1="+other, "InvalidDBSnapshotState")
	time.Sleep(10 * time.Minute)
	return w
}

const shared = "SourceDBSnapshotIdentifier=arn:aws:rds:eu-central-1:" + sdktest.Management + ":snapshot:s&TargetDBSnapshotIdentifier=copy"

func TestASharedSnapshotIsCopiedToAnotherAccountAndRegionAndRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := backedUp(t, "")
		w.answer(other, away, "CopyDBSnapshot", shared, "DBSnapshotNotFound")
		w.answer(sdktest.Management, region, "ModifyDBSnapshotAttribute", "DBSnapshotIdentifier=s&AttributeName=restore&ValuesToAdd.AttributeValue.1="+other, "")
		if text := w.answer(other, region, "DescribeDBSnapshots", "SnapshotType=shared", ""); !strings.Contains(text, "<SnapshotType>shared</SnapshotType>") {
			t.Error(text)
		}
		w.answer(other, away, "CopyDBSnapshot", shared, "")
		w.answer(other, away, "CopyDBSnapshot", shared, "DBSnapshotAlreadyExists")
		w.answer(other, away, "RestoreDBInstanceFromDBSnapshot", "DBInstanceIdentifier=new&DBSnapshotIdentifier=copy", "InvalidDBSnapshotState")
		time.Sleep(15 * time.Minute)
		w.answer(other, away, "RestoreDBInstanceFromDBSnapshot", "DBInstanceIdentifier=new&DBSnapshotIdentifier=copy", "")
		time.Sleep(15 * time.Minute)
		if text := w.answer(other, away, "DescribeDBInstances", "", ""); !strings.Contains(text, "<DBInstanceStatus>available</DBInstanceStatus>") {
			t.Error(text)
		}
	})
}

func TestAnAutomatedSnapshotCannotBeSharedAndGoesWithItsDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := backedUp(t, "")
		w.Lock()
		err := w.Databases().BackUp(sdktest.Management, region, "orders")
		w.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		name := regexp.MustCompile(`<DBSnapshotIdentifier>(rds:[^<]+)<`).FindStringSubmatch(w.answer(sdktest.Management, region, "DescribeDBSnapshots", "SnapshotType=automated", ""))[1]
		w.answer(sdktest.Management, region, "ModifyDBSnapshotAttribute", "DBSnapshotIdentifier="+name+"&AttributeName=restore&ValuesToAdd.AttributeValue.1="+other, "InvalidDBSnapshotState")
		w.answer(sdktest.Management, region, "DeleteDBSnapshot", "DBSnapshotIdentifier="+name, "InvalidDBSnapshotState")
		w.answer(sdktest.Management, region, "DeleteDBInstance", "DBInstanceIdentifier=orders", "InvalidParameterCombination")
		w.answer(sdktest.Management, region, "DeleteDBInstance", "DBInstanceIdentifier=orders&SkipFinalSnapshot=true", "")
		if text := w.answer(sdktest.Management, region, "DescribeDBSnapshots", "", ""); strings.Count(text, "<DBSnapshot>") != 1 {
			t.Error(text)
		}
	})
}

func TestAnEncryptedSnapshotNeedsAKeyThatCanBeSharedAndAGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := backedUp(t, "&StorageEncrypted=true")
		share := "DBSnapshotIdentifier=%&AttributeName=restore&ValuesToAdd.AttributeValue.1=" + other
		w.answer(sdktest.Management, region, "ModifyDBSnapshotAttribute", strings.Replace(share, "%", "s", 1), "InvalidDBSnapshotState")
		_, text := sdktest.Send(t, w.AWS, keys, sdktest.Management, region, "CreateKey", "{}")
		key := regexp.MustCompile(`"Arn":"([^"]+)"`).FindStringSubmatch(text)[1]
		w.answer(sdktest.Management, region, "CopyDBSnapshot", "SourceDBSnapshotIdentifier=s&TargetDBSnapshotIdentifier=s2&KmsKeyId="+key, "")
		time.Sleep(15 * time.Minute)
		w.answer(sdktest.Management, region, "ModifyDBSnapshotAttribute", strings.Replace(share, "%", "s2", 1), "")
		copy2 := strings.Replace(shared, ":snapshot:s&", ":snapshot:s2&", 1)
		w.answer(other, region, "CopyDBSnapshot", copy2, "KMSKeyNotAccessibleFault")
		grant := `{"KeyId":"` + key + `","GranteePrincipal":"arn:aws:iam::` + other + `:root","Name":"dr","Operations":["Decrypt","DescribeKey","CreateGrant"]}`
		_, first := sdktest.Send(t, w.AWS, keys, sdktest.Management, region, "CreateGrant", grant)
		if _, again := sdktest.Send(t, w.AWS, keys, sdktest.Management, region, "CreateGrant", grant); again != first {
			t.Errorf("the same grant is made twice: %s, %s", first, again)
		}
		w.answer(other, region, "CopyDBSnapshot", copy2, "InvalidParameterCombination")
		_, text = sdktest.Send(t, w.AWS, keys, other, region, "CreateKey", "{}")
		own := regexp.MustCompile(`"Arn":"([^"]+)"`).FindStringSubmatch(text)[1]
		w.answer(other, region, "CopyDBSnapshot", copy2+"&KmsKeyId="+own, "")
	})
}
