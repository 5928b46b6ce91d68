#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>

static int __init hello_init(void)
{
	printk(KERN_INFO "hello, Dom0\n");
	return 0;
}

static void __exit hello_exit(void)
{
	printk(KERN_INFO "goodbye, Dom0\n");
}

module_init(hello_init);
module_exit(hello_exit);

MODULE_DESCRIPTION("Says hello to the control domain");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
