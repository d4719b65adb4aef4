// SPDX-License-Identifier: GPL-2.0-only
/*
 * The debugfs side of the seam: turns reads and writes of files into calls of struct stage2_file.
 *
 * Lifetime. An open file holds its guest (stage2_guest_hold), so a guest may be removed under it;
 * the calls then say -ENODEV. debugfs itself keeps removal and open() apart, and an open file
 * holds the module, so rmmod is refused while one is open.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kernel.h"
#include "debugfs.h"

static struct dentry *root;
static struct dentry *guests;

struct open_file {
	const struct stage2_file *file;
	struct stage2_guest *guest;
	struct stage2_cursor now;
	struct stage2_cursor next;
	void *taken;
	bool begun;
};

/* A read from the beginning. */
static int rewind(struct open_file *open)
{
	kernel_free(open->taken);
	open->taken = NULL;
	open->now = (struct stage2_cursor) {};
	return open->file->begin ? open->file->begin(open->file, open->guest, &open->taken) : 0;
}

static void *seq_start(struct seq_file *seq, loff_t *pos)
{
	struct open_file *open = seq->private;
	int error = *pos ? 0 : rewind(open);

	if (!error)
		error = stage2_show_begin(open->file, open->guest);
	if (error)
		return ERR_PTR(error);
	open->begun = true;
	return open->now.done ? NULL : open;
}

static void *seq_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct open_file *open = v;

	++*pos;
	open->now = open->next;
	return open->now.done ? NULL : open;
}

static void seq_stop(struct seq_file *seq, void *v)
{
	struct open_file *open = seq->private;

	if (open->begun)
		stage2_show_end(open->guest);
	open->begun = false;
}

static int seq_show(struct seq_file *seq, void *v)
{
	struct open_file *open = v;

	open->next = open->now;
	open->next.taken = open->taken;
	open->file->show(open->guest, seq, &open->next);
	return 0;
}

static const struct seq_operations seq_ops = {
	.start = seq_start,
	.next = seq_next,
	.stop = seq_stop,
	.show = seq_show,
};

/* Which file is it? The dentry's name says, its folder says whose. */
static const struct stage2_file *find_file(struct file *file, struct stage2_guest *guest)
{
	const struct stage2_file *f = guest ? stage2_guest_files : stage2_top_files;

	while (strcmp(f->name, file->f_path.dentry->d_name.name))
		f++;
	return f;
}

static int file_open(struct inode *inode, struct file *file)
{
	struct stage2_guest *guest = inode->i_private;
	struct open_file *open;
	int error;

	error = seq_open_private(file, &seq_ops, sizeof(*open));
	if (error)
		return error;
	open = ((struct seq_file *)file->private_data)->private;
	open->guest = guest;
	open->file = find_file(file, guest);
	if (guest)
		stage2_guest_hold(guest);
	return 0;
}

static int file_release(struct inode *inode, struct file *file)
{
	struct open_file *open = ((struct seq_file *)file->private_data)->private;
	struct stage2_guest *guest = inode->i_private;

	kernel_free(open->taken);
	if (guest)
		stage2_guest_drop(guest);
	return seq_release_private(inode, file);
}

static ssize_t file_write(struct file *file, const char __user *user, size_t length, loff_t *pos)
{
	struct open_file *open = ((struct seq_file *)file->private_data)->private;
	char *text;
	int error;

	if (length > STAGE2_REQUEST_MAX)
		return stage2_request_too_long(open->file, open->guest, length);
	text = memdup_user_nul(user, length);
	if (IS_ERR(text))
		return PTR_ERR(text);
	error = open->file->write(open->file, open->guest, text, length);
	kfree(text);
	/* No handler: the thread was frozen, or stopped, and goes on with its request. */
	if (error == -EINTR)
		error = -ERESTARTNOHAND;
	return error ?: length;
}

static const struct file_operations read_fops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.release = file_release,
	.read = seq_read,
	.llseek = seq_lseek,
};

static const struct file_operations write_fops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.release = file_release,
	.write = file_write,
	.llseek = noop_llseek,
};

static const struct file_operations read_write_fops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.release = file_release,
	.read = seq_read,
	.write = file_write,
	.llseek = seq_lseek,
};

/* Guest memory: the position is the IPA. */

static int mem_open(struct inode *inode, struct file *file)
{
	file->private_data = inode->i_private;
	stage2_guest_hold(file->private_data);
	return 0;
}

static int mem_release(struct inode *inode, struct file *file)
{
	stage2_guest_drop(file->private_data);
	return 0;
}

/* Through a page of our own: no user page is touched while the guest is locked. */
static ssize_t mem_copy(struct file *file, char __user *user, size_t length, loff_t *pos,
			bool write)
{
	size_t done = 0;
	ssize_t step = 0;
	char *page;

	page = (char *)__get_free_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	while (done < length) {
		size_t want = min_t(size_t, length - done, PAGE_SIZE);

		if (signal_pending(current)) {
			step = -ERESTARTSYS;
			break;
		}
		if (write && copy_from_user(page, user + done, want)) {
			step = -EFAULT;
			break;
		}
		step = stage2_guest_memory(file->private_data, *pos, page, want, write);
		if (step < 0)
			break;
		if (!write && copy_to_user(user + done, page, step)) {
			step = -EFAULT;
			break;
		}
		done += step;
		*pos += step;
	}
	free_page((unsigned long)page);
	return done ?: step;
}

static ssize_t mem_read(struct file *file, char __user *user, size_t length, loff_t *pos)
{
	return mem_copy(file, user, length, pos, false);
}

static ssize_t mem_write(struct file *file, const char __user *user, size_t length, loff_t *pos)
{
	return mem_copy(file, (char __user *)user, length, pos, true);
}

static loff_t mem_llseek(struct file *file, loff_t offset, int whence)
{
	return no_seek_end_llseek(file, offset, whence);
}

static const struct file_operations mem_fops = {
	.owner = THIS_MODULE,
	.open = mem_open,
	.release = mem_release,
	.read = mem_read,
	.write = mem_write,
	.llseek = mem_llseek,
};

static const struct file_operations *fops_of(const struct stage2_file *file)
{
	if (file->write && file->show)
		return &read_write_fops;
	if (file->write)
		return &write_fops;
	return file->show ? &read_fops : &mem_fops;
}

static void create_files(const struct stage2_file *file, struct dentry *dir,
			 struct stage2_guest *guest)
{
	for (; file->name; file++)
		debugfs_create_file_unsafe(file->name, file->mode, dir, guest, fops_of(file));
}

void *kernel_guest_dir_create(const char *name, struct stage2_guest *guest)
{
	struct dentry *dir = debugfs_create_dir(name, guests);

	if (IS_ERR(dir))
		return NULL;
	create_files(stage2_guest_files, dir, guest);
	return dir;
}

void kernel_guest_dir_remove(void *dir)
{
	debugfs_remove(dir);
}

/* What helps when its folder cannot be made. */
static const char *cure(long error)
{
	switch (error) {
	case -EPERM:
		return "boot without debugfs=off";
	case -EEXIST:
		return "it is there already: unload the other stage2, or boot a kernel without it";
	case -ENOMEM:
		return "free some memory, and load it again";
	default:
		return "the kernel must have CONFIG_DEBUG_FS";
	}
}

int stage2_debugfs_create(void)
{
	root = debugfs_create_dir("stage2", NULL);
	if (IS_ERR(root)) {
		pr_err("stage2: cannot make its folder in debugfs (%pe): %s\n", root,
		       cure(PTR_ERR(root)));
		return PTR_ERR(root);
	}
	if (security_locked_down(LOCKDOWN_DEBUGFS))
		pr_warn("stage2: the kernel is locked down, which closes debugfs: boot %s\n",
			"with lockdown=none");
	guests = debugfs_create_dir("guests", root);
	create_files(stage2_top_files, root, NULL);
	return 0;
}

void stage2_debugfs_remove(void)
{
	debugfs_remove(root);
}
